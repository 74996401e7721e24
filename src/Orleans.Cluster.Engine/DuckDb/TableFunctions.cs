using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using DuckDB.NET.Native;

namespace Orleans.Cluster.Engine.DuckDb;

/// <summary>
/// Makes a <see cref="TableFunction"/> known to a connection. The engine calls back with the handles that it was given here; no
/// exception may leave a callback, so each becomes the query's error, and the table keeps it whole.
/// </summary>
internal static unsafe class TableFunctions
{
    /// <summary>Registers a table under its name.</summary>
    /// <exception cref="InvalidOperationException">The engine refuses it.</exception>
    public static void Register(DuckDBNativeConnection connection, TableFunction table)
    {
        var function = NativeTables.Create();
        var held = false;
        try
        {
            NativeTables.SetName(function, table.Name);
            NativeTables.SetExtraInfo(function, Hold(table), &Release);
            NativeTables.SetBind(function, &Bind);
            NativeTables.SetInit(function, &Init);
            NativeTables.SetFunction(function, &Next);
            NativeTables.SupportProjection(function, true);
            connection.DangerousAddRef(ref held);
            if (NativeTables.Register(connection.DangerousGetHandle(), function) != 0)
            {
                throw new InvalidOperationException($"The engine refuses the table function {table.Name}.");
            }
        }
        finally
        {
            if (held)
            {
                connection.DangerousRelease();
            }

            NativeTables.Destroy(ref function);
        }
    }

    private static nint Hold(object target) => GCHandle.ToIntPtr(GCHandle.Alloc(target));

    private static T Held<T>(nint handle)
        where T : class => (T)GCHandle.FromIntPtr(handle).Target!;

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Release(nint handle)
    {
        var held = GCHandle.FromIntPtr(handle);
        (held.Target as IDisposable)?.Dispose();
        held.Free();
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Bind(nint info)
    {
        var table = Held<TableFunction>(NativeTables.BindExtraInfo(info));
        try
        {
            foreach (var column in table.Columns)
            {
                var type = column.Type.Create();
                NativeTables.AddColumn(info, column.Name, type);
                NativeTables.DestroyType(ref type);
            }

            if (table.Rows is { } rows)
            {
                NativeTables.SetCardinality(info, (ulong)rows, true);
            }
        }
        catch (Exception e)
        {
            table.Fail(e);
            NativeTables.SetBindError(info, e.Message);
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Init(nint info)
    {
        var table = Held<TableFunction>(NativeTables.InitExtraInfo(info));
        try
        {
            // A query that looks at no column asks for one that is none.
            var projected = new int[NativeTables.ColumnCount(info)];
            for (var i = 0; i < projected.Length; i++)
            {
                var index = NativeTables.ColumnIndex(info, (ulong)i);
                projected[i] = index < (ulong)table.Columns.Count ? (int)index : -1;
            }

            // One thread, so that rows come in their order.
            NativeTables.SetMaxThreads(info, 1);
            NativeTables.SetInitData(info, Hold(table.Open(projected)), &Release);
        }
        catch (Exception e)
        {
            table.Fail(e);
            NativeTables.SetInitError(info, e.Message);
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Next(nint info, nint chunk)
    {
        try
        {
            var rows = Held<ITableScan>(NativeTables.InitData(info)).Next(new DataChunk(chunk));
            NativeTables.SetSize(chunk, (ulong)rows);
        }
        catch (Exception e)
        {
            Held<TableFunction>(NativeTables.FunctionExtraInfo(info)).Fail(e);
            NativeTables.SetError(info, e.Message);
        }
    }
}
