#include "stacks/webhooks/webhook_url.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tallyman::stacks {
namespace {

using ::testing::HasSubstr;

WebhookUrl Url(const std::string& text) {
  const absl::StatusOr<WebhookUrl> url = ParseWebhookUrl(text);
  EXPECT_TRUE(url.ok()) << text << ": " << url.status();
  return url.value_or(WebhookUrl());
}

WebhookHosts Hosts(const std::vector<std::string>& entries) {
  const absl::StatusOr<WebhookHosts> hosts = WebhookHosts::Parse(entries);
  EXPECT_TRUE(hosts.ok()) << hosts.status();
  return hosts.value_or(WebhookHosts());
}

TEST(ParseWebhookUrlTest, ReadsTheParts) {
  const WebhookUrl url = Url("https://Hooks.Example.com:8443/a%20b?to=ops");
  EXPECT_TRUE(url.is_https);
  EXPECT_EQ(url.host, "hooks.example.com");
  EXPECT_EQ(url.port, 8443);
  EXPECT_EQ(url.target, "/a%20b?to=ops");
  EXPECT_EQ(Url("https://example.com").port, 443);
  EXPECT_EQ(Url("https://example.com").target, "/");
  EXPECT_EQ(Url("http://example.com?x").target, "/?x");
  EXPECT_EQ(Url("http://example.com").port, 80);
  EXPECT_FALSE(Url("http://example.com").is_https);
}

TEST(ParseWebhookUrlTest, AnAddressHasOneForm) {
  EXPECT_EQ(Url("https://[2001:DB8:0::1]:99/").host, "2001:db8::1");
  EXPECT_EQ(Url("https://[2001:db8::1]:99/").port, 99);
  EXPECT_EQ(Url("https://[::ffff:127.0.0.1]/").host, "127.0.0.1");
  EXPECT_EQ(Url("https://10.0.0.5/").host, "10.0.0.5");
}

TEST(ParseWebhookUrlTest, OtherTextIsRefusedWithoutQuotingIt) {
  const std::vector<std::pair<std::string, std::string>> expected = {
      {"", "begins neither"},
      {"ftp://example.com/", "begins neither"},
      {"HTTPS://example.com/", "begins neither"},
      {"https:///path", "no name and no address"},
      {"https://user:pass@example.com/", "has a user or a password"},
      {"https://example.com@10.0.0.1/", "has a user or a password"},
      {"https://example.com/#part", "has a fragment"},
      {"https://example.com /", "not visible ASCII"},
      {"https://example.com/\r\nHost: x", "not visible ASCII"},
      {"https://exämple.com/", "not visible ASCII"},
      {"https://example.com\\@evil.com/", "has a user"},
      {"https://example.com:0/", "the port is not"},
      {"https://example.com:65536/", "the port is not"},
      {"https://example.com:/", "the port is not"},
      {"https://example.com:+80/", "the port is not"},
      {"https://[::1/", "without its last bracket"},
      {"https://[127.0.0.1]/", "no IPv6 address"},
      {"https://[fe80::1%25eth0]/", "no IPv6 address"},
      // Other spellings of 127.0.0.1.
      {"https://127.1/", "no name and no address"},
      {"https://2130706433/", "no name and no address"},
      {"https://0x7f000001/", "no name and no address"},
      {"https://0177.0.0.1/", "no name and no address"},
      {absl::StrCat("https://example.com/", std::string(2000, 'x')),
       "more than 2000 bytes"},
  };
  for (const auto& [text, message] : expected) {
    const absl::Status status = ParseWebhookUrl(text).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << text;
    EXPECT_THAT(status.message(), HasSubstr(message)) << text;
  }
}

TEST(WebhookHostsTest, NothingIsAllowedByDefault) {
  EXPECT_TRUE(WebhookHosts().empty());
  EXPECT_FALSE(WebhookHosts().Allows(Url("https://example.com/")));
}

TEST(WebhookHostsTest, AllowsExactlyTheHostsPortsAndSchemesThatAreListed) {
  const WebhookHosts hosts =
      Hosts({"hooks.example.com", "other.example.com:8443",
             "http://10.0.0.5:9000", "[::1]"});
  EXPECT_TRUE(hosts.Allows(Url("https://hooks.example.com/")));
  EXPECT_TRUE(hosts.Allows(Url("https://HOOKS.example.com:99/")));
  EXPECT_FALSE(hosts.Allows(Url("http://hooks.example.com/")));
  EXPECT_FALSE(hosts.Allows(Url("https://example.com/")));
  EXPECT_FALSE(hosts.Allows(Url("https://a.hooks.example.com/")));
  EXPECT_FALSE(hosts.Allows(Url("https://hooks.example.com.evil.com/")));
  EXPECT_TRUE(hosts.Allows(Url("https://other.example.com:8443/")));
  EXPECT_FALSE(hosts.Allows(Url("https://other.example.com/")));
  EXPECT_TRUE(hosts.Allows(Url("http://10.0.0.5:9000/")));
  EXPECT_TRUE(hosts.Allows(Url("https://10.0.0.5:9000/")));
  EXPECT_FALSE(hosts.Allows(Url("http://10.0.0.5/")));
  EXPECT_TRUE(hosts.Allows(Url("https://[0:0::1]/")));
}

TEST(WebhookHostsTest, ANameDoesNotAllowAPrivateAddress) {
  const WebhookHosts hosts = Hosts({"a.example.com", "10.0.0.5:443"});
  const WebhookUrl url = Url("https://a.example.com/");
  EXPECT_TRUE(hosts.AllowsAddress(url, "93.184.216.34"));
  EXPECT_TRUE(hosts.AllowsAddress(url, "10.0.0.5"));
  EXPECT_FALSE(hosts.AllowsAddress(url, "10.0.0.6"));
  EXPECT_FALSE(
      hosts.AllowsAddress(Url("https://a.example.com:444/"), "10.0.0.5"));
}

TEST(WebhookHostsTest, WrongEntriesAreQuoted) {
  for (const std::string entry :
       {"", "https://example.com", "example.com/path", "127.1", "a:b", "a b"}) {
    const absl::Status status = WebhookHosts::Parse({entry}).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << entry;
    EXPECT_THAT(status.message(), HasSubstr(absl::StrCat("\"", entry, "\"")));
  }
}

TEST(IsPublicAddressTest, SpecialAddressesAreNotPublic) {
  for (const std::string address : {"0.0.0.0",
                                    "10.255.255.255",
                                    "100.64.0.1",
                                    "127.0.0.1",
                                    "127.255.0.1",
                                    "169.254.169.254",
                                    "172.16.0.1",
                                    "172.31.255.255",
                                    "192.0.0.1",
                                    "192.168.1.1",
                                    "198.19.0.1",
                                    "224.0.0.1",
                                    "255.255.255.255",
                                    "::",
                                    "::1",
                                    "::ffff:1.1.1.1",
                                    "64:ff9b::a00:1",
                                    "fc00::1",
                                    "fd12::1",
                                    "fe80::1",
                                    "ff02::1",
                                    "2001::1",
                                    "2001:db8::1",
                                    "2002:a00:1::",
                                    "3fff::1",
                                    "",
                                    "example.com"}) {
    EXPECT_FALSE(IsPublicAddress(address)) << address;
  }
}

TEST(IsPublicAddressTest, OthersArePublic) {
  for (const std::string address :
       {"1.1.1.1", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0",
        "126.0.0.1", "128.0.0.1", "172.15.0.1", "172.32.0.1", "192.167.0.1",
        "198.17.0.1", "198.20.0.1", "223.255.255.255", "2606:4700::1111",
        "2a00::1", "2001:4860:4860::8888"}) {
    EXPECT_TRUE(IsPublicAddress(address)) << address;
  }
}

}  // namespace
}  // namespace tallyman::stacks
