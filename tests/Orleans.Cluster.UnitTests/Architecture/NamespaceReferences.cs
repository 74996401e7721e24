using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace Orleans.Cluster.UnitTests.Architecture;

/// <summary>
/// Which namespaces of the product refer to which, read from compiled assemblies: base types, signatures, fields, attributes and
/// method bodies. What the compiler and the serializers' generators add is left out; it follows the types it is made for.
/// </summary>
internal static class NamespaceReferences
{
    private const string Product = "Orleans.Cluster";

    /// <summary>Pairs of namespaces (from, to) within and between the assemblies, without the product's prefix.</summary>
    public static IReadOnlySet<(string From, string To)> Read(IEnumerable<string> assemblies)
    {
        var pairs = new HashSet<(string, string)>();
        foreach (var path in assemblies)
        {
            using var file = new PEReader(File.OpenRead(path));
            Read(file, file.GetMetadataReader(), pairs);
        }

        return pairs;
    }

    private static void Read(PEReader file, MetadataReader reader, HashSet<(string From, string To)> pairs)
    {
        var names = new TypeNamespaces(reader);
        foreach (var handle in reader.TypeDefinitions)
        {
            var type = reader.GetTypeDefinition(handle);
            if (names.Of(handle) is not { } from || !IsOurs(from))
            {
                continue;
            }

            var to = new HashSet<string>();
            names.Add(type.BaseType, to);
            foreach (var item in type.GetInterfaceImplementations())
            {
                names.Add(reader.GetInterfaceImplementation(item).Interface, to);
            }

            foreach (var field in type.GetFields())
            {
                names.AddSignature(reader.GetFieldDefinition(field).Signature, SignatureKind.Field, to);
            }

            foreach (var method in type.GetMethods().Select(reader.GetMethodDefinition))
            {
                names.AddSignature(method.Signature, SignatureKind.Method, to);
                if (method.RelativeVirtualAddress != 0)
                {
                    var body = file.GetMethodBody(method.RelativeVirtualAddress);
                    names.AddSignature(body.LocalSignature, to);
                    MethodBodyTokens.Each(body.GetILReader(), token => names.AddToken(token, to));
                }
            }

            pairs.UnionWith(to.Where(IsOurs).Where(name => name != from).Select(name => (Short(from), Short(name))));
        }
    }

    private static bool IsOurs(string name) => name == Product || name.StartsWith(Product + ".", StringComparison.Ordinal);

    private static string Short(string name) => name.Length == Product.Length ? "" : name[(Product.Length + 1)..];
}
