using Orleans.Cluster.Contracts;
using Orleans.Cluster.Gateway.Access;

namespace Orleans.Cluster.UnitTests.Gateway;

/// <summary>A role is a word. Numbers and lists are other callers' ideas of one.</summary>
public sealed class JwtRoleTests
{
    [Theory]
    [InlineData("VIEWER", AccessRole.Viewer)]
    [InlineData("submitter", AccessRole.Submitter)]
    [InlineData("ADMIN", AccessRole.Admin)]
    [InlineData("2", null)]
    [InlineData("VIEWER,ADMIN", null)]
    [InlineData("VIEWER, SUBMITTER", null)]
    [InlineData(" ADMIN", null)]
    [InlineData("", null)]
    public void RoleOf_Claim_IsTheExactWord(string claim, AccessRole? role) => Assert.Equal(role, JwtLogin.RoleOf(claim));
}
