#include "server/access/host_check.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/log/check.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tallyman::server {
namespace {

using ::testing::HasSubstr;

HostCheck Check(std::string_view allowed_hosts,
                const std::vector<std::string>& own_names = {}) {
  absl::StatusOr<HostCheck> check = HostCheck::Create(allowed_hosts, own_names);
  CHECK_OK(check);
  return *std::move(check);
}

std::string ErrorOf(std::string_view allowed_hosts) {
  const absl::Status status = HostCheck::Create(allowed_hosts).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << allowed_hosts;
  return std::string(status.message());
}

TEST(IsValidHostTest, AcceptsRfc3986) {
  for (const std::string_view host : {"",
                                      "a",
                                      "example.com",
                                      "EXAMPLE.com.",
                                      "127.0.0.1",
                                      "127.0.0.1:8880",
                                      "example.com:",
                                      "example.com:0",
                                      "example.com:65535",
                                      "example.com:00080",
                                      "[::1]",
                                      "[::1]:8880",
                                      "[2001:DB8::1]:",
                                      "[::ffff:1.2.3.4]",
                                      "[v1.a:b]",
                                      "[vF.~]:1",
                                      "a_b",
                                      "a%2Fb",
                                      "~!$&'()*+",
                                      ",;=",
                                      "999.1.1.1",
                                      "..",
                                      "-"}) {
    EXPECT_TRUE(IsValidHost(host)) << host;
  }
}

TEST(IsValidHostTest, RefusesOtherText) {
  for (const std::string_view host : {" ",
                                      ":",
                                      ":80",
                                      "a:b",
                                      "a:-1",
                                      "a:+1",
                                      "a:1:2",
                                      "a:65536",
                                      "a:99999999999999999999",
                                      "a b",
                                      " a",
                                      "a ",
                                      "a\t",
                                      "a\n",
                                      "a/b",
                                      "a?",
                                      "a#",
                                      "user@a",
                                      "a@",
                                      "http://a",
                                      "::1",
                                      "[::1",
                                      "::1]",
                                      "[]",
                                      "[]:80",
                                      "[::1]80",
                                      "[::1]]",
                                      "[[::1]]",
                                      "[1.2.3.4]",
                                      "[localhost]",
                                      "[fe80::1%25eth0]",
                                      "[fe80::1%eth0]",
                                      "[v.a]",
                                      "[v1.]",
                                      "[v1]",
                                      "[vg.a]",
                                      "[v1.a/]",
                                      "a%",
                                      "a%2",
                                      "a%2g",
                                      "a\\b",
                                      "a\"b",
                                      "<a>",
                                      "a|b",
                                      "a^b",
                                      "a`b",
                                      "{a}",
                                      "\x7f",
                                      "caf\xc3\xa9",
                                      "a,b:80x"}) {
    EXPECT_FALSE(IsValidHost(host)) << host;
  }
  EXPECT_FALSE(IsValidHost(std::string_view("a\0b", 3)));
  EXPECT_FALSE(IsValidHost(absl::StrCat("a:", std::string(100000, '1'))));
}

TEST(HostCheckTest, AllowsLoopbackNamesAndAddressesAlways) {
  const HostCheck check = Check("");
  for (const std::string_view host :
       {"", "localhost", "LocalHost:8880", "localhost.", "localhost.:80",
        "app.localhost", "a.b.LOCALHOST.:1", "127.0.0.1", "127.0.0.1:8880",
        "127.0.0.1.", "192.0.2.7", "[::1]", "[::1]:8880", "[2001:db8::1]:1",
        "[::ffff:127.0.0.1]"}) {
    EXPECT_TRUE(check.Allows(host)) << host;
  }
}

TEST(HostCheckTest, RefusesOtherNames) {
  const HostCheck check = Check("", {"build7"});
  for (const std::string_view host :
       {"evil.example", "evil.example:8880", "localhost.evil.example",
        "127.0.0.1.evil.example", "xlocalhost", "localhost..", ".localhost",
        "..localhost.", "build7.evil.example", "0x7f.1", "1.2.3", "2130706433",
        "[v1.localhost]", "local%68ost", "*", "."}) {
    EXPECT_FALSE(check.Allows(host)) << host;
  }
}

TEST(HostCheckTest, RefusesWhatIsNotValid) {
  const HostCheck check = Check("example.com");
  for (const std::string_view host :
       {"::1", "localhost:x", "localhost:80:80", "user@localhost", "localhost/",
        " localhost", "localhost ", "[::1", "[localhost]",
        "example.com, evil.example", "localhost\n"}) {
    EXPECT_FALSE(check.Allows(host)) << host;
  }
}

TEST(HostCheckTest, AllowsOwnNames) {
  const HostCheck check =
      Check("", {"Build7", "build7.example.com.", "::", "0.0.0.0", "", "a b"});
  EXPECT_TRUE(check.Allows("build7:8880"));
  EXPECT_TRUE(check.Allows("BUILD7.example.COM"));
  EXPECT_FALSE(check.Allows("x.build7"));
  EXPECT_FALSE(check.Allows("example.com"));
  EXPECT_FALSE(check.Allows("a b"));
}

TEST(HostCheckTest, AllowsListedNames) {
  const HostCheck check =
      Check("tallyman.example.com ,.Internal.example.com., box");
  for (const std::string_view host :
       {"tallyman.example.com", "Tallyman.Example.com.:443", "box:1",
        "internal.example.com", "a.internal.example.com",
        "a.b.INTERNAL.example.com."}) {
    EXPECT_TRUE(check.Allows(host)) << host;
  }
  for (const std::string_view host :
       {"example.com", "a.tallyman.example.com", "xinternal.example.com",
        "internal.example.com.evil.example", "a.box", ".internal.example.com",
        "com"}) {
    EXPECT_FALSE(check.Allows(host)) << host;
  }
}

TEST(HostCheckTest, AListMayHaveAddresses) {
  const HostCheck check = Check("127.0.0.1, ::1, [2001:db8::1]");
  EXPECT_TRUE(check.Allows("[::1]:8880"));
  EXPECT_FALSE(check.Allows("evil.example"));
}

TEST(HostCheckTest, AnAsteriskAllowsEveryHost) {
  EXPECT_TRUE(Check("*").Allows("evil.example"));
  EXPECT_TRUE(Check("a, *").Allows("not valid"));
}

TEST(HostCheckTest, ExplainsAWrongItem) {
  EXPECT_THAT(ErrorOf("*.example.com"),
              HasSubstr("\"*.example.com\" has a wildcard; write "
                        "\".example.com\""));
  EXPECT_THAT(ErrorOf("a,example.com:80"),
              HasSubstr("\"example.com:80\" has a port"));
  EXPECT_THAT(ErrorOf("http://example.com"), HasSubstr("is a URL"));
  for (const std::string_view item :
       {"a,", ",", ".", "..a", "a..b", "a b", "a/b", "caf\xc3\xa9", "a*b"}) {
    EXPECT_THAT(ErrorOf(item), HasSubstr("is not a host name")) << item;
  }
}

}  // namespace
}  // namespace tallyman::server
