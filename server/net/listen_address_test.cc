#include "server/net/listen_address.h"

#include <sys/un.h>

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/log/check.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tallyman::server {
namespace {

using ::testing::HasSubstr;

constexpr int kDefaultPort = 8880;

ListenAddress Parse(std::string_view item) {
  absl::StatusOr<ListenAddress> address =
      ParseListenAddress(item, kDefaultPort);
  CHECK_OK(address);
  return *std::move(address);
}

std::string ErrorOf(std::string_view item) {
  const absl::Status status = ParseListenAddress(item, kDefaultPort).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << item;
  return std::string(status.message());
}

struct TcpCase {
  std::string_view item;
  std::string_view host;
  int port;
  std::optional<bool> tls;
  std::string_view url;
};

TEST(ListenAddressTest, ParsesTcp) {
  for (const TcpCase& each : std::initializer_list<TcpCase>{
           {"127.0.0.1", "127.0.0.1", 8880, {}, "http://127.0.0.1:8880"},
           {"127.0.0.1:80", "127.0.0.1", 80, {}, "http://127.0.0.1:80"},
           {"localhost:0", "localhost", 0, {}, "http://localhost:0"},
           {"a_b-c.example",
            "a_b-c.example",
            8880,
            {},
            "http://a_b-c.example:8880"},
           {"[::1]", "::1", 8880, {}, "http://[::1]:8880"},
           {"[::1]:65535", "::1", 65535, {}, "http://[::1]:65535"},
           {"::1", "::1", 8880, {}, "http://[::1]:8880"},
           {"::", "::", 8880, {}, "http://[::]:8880"},
           {"fe80::1%eth0",
            "fe80::1%eth0",
            8880,
            {},
            "http://[fe80::1%eth0]:8880"},
           {"::ffff:127.0.0.1",
            "::ffff:127.0.0.1",
            8880,
            {},
            "http://[::ffff:127.0.0.1]:8880"},
           {"http://0.0.0.0", "0.0.0.0", 8880, false, "http://0.0.0.0:8880"},
           {"HTTPS://[::1]:8443", "::1", 8443, true, "https://[::1]:8443"},
           {"https://::1", "::1", 8880, true, "https://[::1]:8880"},
           {"db.1east:80", "db.1east", 80, {}, "http://db.1east:80"},
           {"3com.com", "3com.com", 8880, {}, "http://3com.com:8880"},
       }) {
    const ListenAddress address = Parse(each.item);
    EXPECT_EQ(address.kind, ListenAddress::Kind::kTcp) << each.item;
    EXPECT_EQ(address.host, each.host);
    EXPECT_EQ(address.port, each.port) << each.item;
    EXPECT_EQ(address.tls, each.tls) << each.item;
    EXPECT_EQ(address.Url(), each.url);
  }
}

TEST(ListenAddressTest, ParsesUnix) {
  const ListenAddress address = Parse("unix:/run/tallyman.sock");
  EXPECT_EQ(address.kind, ListenAddress::Kind::kUnix);
  EXPECT_EQ(address.path, "/run/tallyman.sock");
  EXPECT_EQ(address.tls, std::nullopt);
  EXPECT_EQ(address.Url(), "unix:/run/tallyman.sock");
  EXPECT_EQ(Parse("unix:./@a:b c").path, "./@a:b c");
  EXPECT_EQ(Parse("http://unix:x").Url(), "unix:x");
  EXPECT_EQ(Parse("https://unix:x").Url(), "https://unix:x");
}

TEST(ListenAddressTest, ParsesItsOwnText) {
  for (const std::string_view item :
       {"127.0.0.1:80", "[::1]:0", "http://localhost:8880", "https://[::]:443",
        "unix:/x", "http://unix:x", "https://unix:/x"}) {
    EXPECT_EQ(Parse(item).ToString(), item);
    EXPECT_EQ(Parse(Parse(item).ToString()), Parse(item));
  }
}

TEST(ListenAddressTest, SaysWhatIsWrong) {
  struct Case {
    std::string_view item;
    std::string_view reason;
  };
  for (const Case& each : std::initializer_list<Case>{
           {"", "there is no host"},
           {"http://", "there is no host"},
           {":8880", "write 0.0.0.0"},
           {"*:8880", "write 0.0.0.0"},
           {"8880", "a number alone"},
           {"a:", "the port \"\""},
           {"a:b", "the port \"b\""},
           {"a:65536", "from 0 to 65535"},
           {"a:-1", "from 0 to 65535"},
           {"a:+1", "from 0 to 65535"},
           {"a: 1", "from 0 to 65535"},
           {"a:99999999999", "from 0 to 65535"},
           {"a b", "\"a b\" is not a host name"},
           {" a", "is not a host name"},
           {"user@a", "is not a host name"},
           {"caf\xc3\xa9", "is not a host name"},
           {"127.1", "is not an IPv4 address"},
           {"256.0.0.1:80", "is not an IPv4 address"},
           {"127.0.0.0x1", "is not an IPv4 address"},
           {"0x7f000001", "is not an IPv4 address"},
           {"a.1", "is not an IPv4 address"},
           {"[::1", "\"]\" is missing"},
           {"[]", "is not an IPv6 address"},
           {"[127.0.0.1]:80", "is not an IPv6 address"},
           {"[localhost]", "is not an IPv6 address"},
           {"[::1]8880", "only :PORT"},
           {"[::1]:x", "the port \"x\""},
           {"[fe80::1%]", "is not an IPv6 address"},
           {"localhost:80:80", "[ADDRESS]:PORT"},
           {":::", "[ADDRESS]:PORT"},
           {"ftp://a", "neither http nor https"},
           {"http://https://a", "neither http nor https"},
           {"http://a/", "only a Unix socket has a path"},
           {"/run/x.sock", "unix:/run/"},
           {"unix:", "the path is empty"},
           {"unix:@name", "abstract sockets are not supported"},
           {"unix:/run/", "that of a directory"},
           {"unix:///run/x", "one slash"},
       }) {
    EXPECT_THAT(ErrorOf(each.item), HasSubstr(each.reason)) << each.item;
    EXPECT_THAT(ErrorOf(each.item),
                HasSubstr(absl::StrCat("\"", each.item, "\": ")))
        << each.item;
  }
  EXPECT_THAT(ErrorOf("a\n"), HasSubstr("\"a\\n\""));
}

TEST(ListenAddressTest, LimitsTheLengthOfAPath) {
  static_assert(kMaxUnixPathBytes == sizeof(sockaddr_un::sun_path) - 1);
  const std::string longest(kMaxUnixPathBytes, 'x');
  EXPECT_EQ(Parse("unix:" + longest).path, longest);
  EXPECT_THAT(ErrorOf("unix:x" + longest),
              HasSubstr("the path has 108 bytes, and that of a Unix socket at "
                        "most 107"));
}

TEST(CheckUnixPathTest, RefusesZeroBytes) {
  EXPECT_TRUE(CheckUnixPath("x").ok());
  EXPECT_FALSE(CheckUnixPath(std::string_view("\0x", 2)).ok());
  EXPECT_FALSE(CheckUnixPath(std::string_view("x\0y", 3)).ok());
}

}  // namespace
}  // namespace tallyman::server
