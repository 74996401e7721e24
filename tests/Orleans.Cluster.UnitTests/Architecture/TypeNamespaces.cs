using System.Collections.Immutable;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;

namespace Orleans.Cluster.UnitTests.Architecture;

/// <summary>What a signature stands for.</summary>
internal enum SignatureKind
{
    Field,
    Method,
}

/// <summary>Finds the namespaces of the types behind handles, tokens and signatures of one assembly.</summary>
internal sealed class TypeNamespaces(MetadataReader reader)
{
    /// <summary>The namespace of a type, of the outermost one for nested types; null for what a generator made.</summary>
    public string? Of(TypeDefinitionHandle handle)
    {
        var type = reader.GetTypeDefinition(handle);
        while (type.IsNested)
        {
            type = reader.GetTypeDefinition(type.GetDeclaringType());
        }

        var name = reader.GetString(type.Namespace);
        return name.StartsWith("OrleansCodeGen", StringComparison.Ordinal) ? null : name;
    }

    public void Add(EntityHandle handle, ISet<string> to)
    {
        if (handle.IsNil)
        {
            return;
        }

        switch (handle.Kind)
        {
            case HandleKind.TypeDefinition when Of((TypeDefinitionHandle)handle) is { } own:
                to.Add(own);
                break;
            case HandleKind.TypeReference:
                to.Add(Of((TypeReferenceHandle)handle));
                break;
            case HandleKind.TypeSpecification:
                reader.GetTypeSpecification((TypeSpecificationHandle)handle).DecodeSignature(new Collector(this, to), null);
                break;
        }
    }

    public void AddToken(EntityHandle token, ISet<string> to)
    {
        switch (token.Kind)
        {
            case HandleKind.MethodDefinition:
                Add(reader.GetMethodDefinition((MethodDefinitionHandle)token).GetDeclaringType(), to);
                break;
            case HandleKind.FieldDefinition:
                Add(reader.GetFieldDefinition((FieldDefinitionHandle)token).GetDeclaringType(), to);
                break;
            case HandleKind.MemberReference:
                Add(reader.GetMemberReference((MemberReferenceHandle)token).Parent, to);
                break;
            case HandleKind.MethodSpecification:
                var method = reader.GetMethodSpecification((MethodSpecificationHandle)token);
                method.DecodeSignature(new Collector(this, to), null);
                AddToken(method.Method, to);
                break;
            default:
                Add(token, to);
                break;
        }
    }

    public void AddSignature(BlobHandle signature, SignatureKind kind, ISet<string> to)
    {
        var decoder = new SignatureDecoder<object?, object?>(new Collector(this, to), reader, null);
        var blob = reader.GetBlobReader(signature);
        if (kind == SignatureKind.Field)
        {
            decoder.DecodeFieldSignature(ref blob);
        }
        else
        {
            decoder.DecodeMethodSignature(ref blob);
        }
    }

    public void AddSignature(StandaloneSignatureHandle locals, ISet<string> to)
    {
        if (!locals.IsNil)
        {
            reader.GetStandaloneSignature(locals).DecodeLocalSignature(new Collector(this, to), null);
        }
    }

    private string Of(TypeReferenceHandle handle)
    {
        var type = reader.GetTypeReference(handle);
        while (type.ResolutionScope.Kind == HandleKind.TypeReference)
        {
            type = reader.GetTypeReference((TypeReferenceHandle)type.ResolutionScope);
        }

        return reader.GetString(type.Namespace);
    }

    private sealed class Collector(TypeNamespaces names, ISet<string> to) : ISignatureTypeProvider<object?, object?>
    {
        public object? GetTypeFromDefinition(MetadataReader reader, TypeDefinitionHandle handle, byte rawTypeKind)
        {
            names.Add(handle, to);
            return null;
        }

        public object? GetTypeFromReference(MetadataReader reader, TypeReferenceHandle handle, byte rawTypeKind)
        {
            names.Add(handle, to);
            return null;
        }

        public object? GetTypeFromSpecification(
            MetadataReader reader, object? genericContext, TypeSpecificationHandle handle, byte rawTypeKind)
        {
            names.Add(handle, to);
            return null;
        }

        public object? GetArrayType(object? elementType, ArrayShape shape) => null;

        public object? GetByReferenceType(object? elementType) => null;

        public object? GetFunctionPointerType(MethodSignature<object?> signature) => null;

        public object? GetGenericInstantiation(object? genericType, ImmutableArray<object?> typeArguments) => null;

        public object? GetGenericMethodParameter(object? genericContext, int index) => null;

        public object? GetGenericTypeParameter(object? genericContext, int index) => null;

        public object? GetModifiedType(object? modifier, object? unmodifiedType, bool isRequired) => null;

        public object? GetPinnedType(object? elementType) => null;

        public object? GetPointerType(object? elementType) => null;

        public object? GetPrimitiveType(PrimitiveTypeCode typeCode) => null;

        public object? GetSZArrayType(object? elementType) => null;
    }
}
