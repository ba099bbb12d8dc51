#include "server/access/client_address.h"

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

constexpr std::string_view kPeer = "10.0.0.1";

TrustedProxies Proxies(std::string_view list = "10.0.0.0/8,2001:db8::/32") {
  absl::StatusOr<TrustedProxies> proxies = TrustedProxies::Parse(list);
  CHECK_OK(proxies);
  return *std::move(proxies);
}

// The client of a request from kPeer with one X-Forwarded-For header.
std::string XForwardedFor(std::string_view value) {
  return Proxies().Resolve(kPeer, {.x_forwarded_for = {value}}).address;
}

// The same with one Forwarded header.
std::string Forwarded(std::string_view value) {
  return Proxies().Resolve(kPeer, {.forwarded = {value}}).address;
}

std::optional<bool> XForwardedProto(std::string_view addresses,
                                    std::string_view protos) {
  return Proxies()
      .Resolve(kPeer,
               {.x_forwarded_for = {addresses}, .x_forwarded_proto = {protos}})
      .is_https;
}

TEST(TrustedProxiesTest, ParsesItsFlag) {
  const TrustedProxies proxies = Proxies(" 10.0.0.0/8, unix ,::1");
  for (const std::string_view peer :
       {"10.1.2.3", "::1", "unix:uid=1000", "::ffff:10.1.2.3"}) {
    EXPECT_TRUE(proxies.Trusts(peer)) << peer;
  }
  for (const std::string_view peer : {"11.0.0.1", "::2", "unknown", ""}) {
    EXPECT_FALSE(proxies.Trusts(peer)) << peer;
  }
  EXPECT_FALSE(Proxies("10.0.0.0/8").Trusts("unix:uid=0"));
  EXPECT_FALSE(Proxies("").Trusts("127.0.0.1"));
}

TEST(TrustedProxiesTest, QuotesAWrongItem) {
  for (const std::string_view item :
       {"nginx", "10.0.0.1/8", "Unix", "unix:/run/x", ""}) {
    const absl::Status status =
        TrustedProxies::Parse(absl::StrCat("::1, ", item)).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << item;
    EXPECT_THAT(status.message(), HasSubstr(absl::StrCat("\"", item, "\"")));
  }
}

TEST(ClientAddressTest, AnUntrustedPeerIsTheClient) {
  const ClientAddress client = Proxies().Resolve(
      "192.0.2.1", {.x_forwarded_for = {"192.0.2.7"},
                    .forwarded = {"for=192.0.2.7;proto=https"},
                    .x_forwarded_proto = {"https"}});
  EXPECT_EQ(client.address, "192.0.2.1");
  EXPECT_EQ(client.is_https, std::nullopt);
  EXPECT_FALSE(client.is_contradictory);
  EXPECT_EQ(Proxies()
                .Resolve("unix:uid=0", {.x_forwarded_for = {"192.0.2.7"}})
                .address,
            "unix:uid=0");
}

TEST(ClientAddressTest, ATrustedPeerWithoutHeadersIsTheClient) {
  EXPECT_EQ(Proxies().Resolve(kPeer, {}).address, kPeer);
  EXPECT_EQ(XForwardedFor(""), kPeer);
  EXPECT_EQ(XForwardedFor(" , ,"), kPeer);
  EXPECT_EQ(Forwarded(""), kPeer);
}

TEST(ClientAddressTest, AUnixPeerMayBeTrusted) {
  EXPECT_EQ(Proxies("unix")
                .Resolve("unix:uid=33", {.x_forwarded_for = {"192.0.2.7"}})
                .address,
            "192.0.2.7");
}

TEST(ClientAddressTest, TheFirstUntrustedEntryFromTheRightIsTheClient) {
  EXPECT_EQ(XForwardedFor("192.0.2.7"), "192.0.2.7");
  EXPECT_EQ(XForwardedFor("203.0.113.9, 192.0.2.7"), "192.0.2.7");
  EXPECT_EQ(XForwardedFor("203.0.113.9,192.0.2.7 ,10.0.0.3,\t10.0.0.2"),
            "192.0.2.7");
  EXPECT_EQ(XForwardedFor("10.0.0.9, 192.0.2.7, 10.0.0.2"), "192.0.2.7");
}

TEST(ClientAddressTest, TheLeftmostTrustedProxyMayBeTheClient) {
  EXPECT_EQ(XForwardedFor("10.0.0.3, 10.0.0.2"), "10.0.0.3");
  EXPECT_EQ(Forwarded("for=10.0.0.3, for=10.0.0.2"), "10.0.0.3");
}

TEST(ClientAddressTest, HeadersThatOccurTwiceAreOneList) {
  const ClientAddress client = Proxies().Resolve(
      kPeer, {.x_forwarded_for = {"203.0.113.9, 192.0.2.7", "10.0.0.2"}});
  EXPECT_EQ(client.address, "192.0.2.7");
}

TEST(ClientAddressTest, EntriesHaveManyForms) {
  for (const std::string_view entry :
       {"192.0.2.7", "192.0.2.7:80", "::ffff:192.0.2.7", "[::ffff:192.0.2.7]",
        "[::ffff:c000:207]:65535", ", 192.0.2.7,,"}) {
    EXPECT_EQ(XForwardedFor(entry), "192.0.2.7") << entry;
  }
  for (const std::string_view entry :
       {"2001:DB9::1", "[2001:db9::1]", "[2001:db9:0::1]:443"}) {
    EXPECT_EQ(XForwardedFor(entry), "2001:db9::1") << entry;
  }
  for (const std::string_view entry :
       {"for=192.0.2.7", "For=\"192.0.2.7:80\"", "for=192.0.2.7:80",
        "for=\"192.0.2.7:_port\"", "by=_x;FOR=192.0.2.7;proto=http;host=a",
        "for=\"192.0.\\2.7\"", ";;for=192.0.2.7 ; proto=http;",
        "host=\"a,b;for=1.1.1.1,\\\"\";for=192.0.2.7"}) {
    EXPECT_EQ(Forwarded(entry), "192.0.2.7") << entry;
  }
  EXPECT_EQ(Forwarded("for=\"[2001:db9:cafe::17]:4711\""), "2001:db9:cafe::17");
}

TEST(ClientAddressTest, AnEntryThatIsNoAddressEndsTheWalk) {
  for (const std::string_view garbage :
       {"unknown", "unix:", "_hidden", "192.0.2.7x", "192.0.2.7:", "300.1.1.1",
        "192.0.2.7:123456", "[192.0.2.7]", "[::1", "::1]", "[::1]80",
        "fe80::1%eth0", "localhost", "192.0.2.7 10.0.0.9", "\"192.0.2.7\""}) {
    EXPECT_EQ(XForwardedFor(absl::StrCat("192.0.2.7,", garbage)), kPeer)
        << garbage;
    EXPECT_EQ(XForwardedFor(absl::StrCat("192.0.2.7,", garbage, ",10.0.0.2")),
              "10.0.0.2")
        << garbage;
  }
  for (const std::string_view garbage :
       {"for=unknown", "for=\"_gazonk\"", "proto=https", "for", "for=", "=",
        "for=192.0.2.7 x", "for=192.0.2.7;for=192.0.2.8", "for=\"192.0.2.7",
        "for=192.0.2.7\"", "for =192.0.2.7", "for= 192.0.2.7", "192.0.2.7",
        "for=\"192.0.2.7\\\"", "for=\"192.0.2.7\"x", "\"for\"=192.0.2.7"}) {
    EXPECT_EQ(Forwarded(absl::StrCat("for=192.0.2.7,", garbage)), kPeer)
        << garbage;
    EXPECT_EQ(
        Forwarded(absl::StrCat("for=192.0.2.7,", garbage, ", for=10.0.0.2")),
        "10.0.0.2")
        << garbage;
  }
}

// A client writes anything; the proxy appends its own element.
TEST(ClientAddressTest, TheClientsPartCannotSpoilThatOfTheProxy) {
  for (const std::string_view forged :
       {"for=\"", "for=\"1.1.1.1", "\"", "\\", "for=\"\\", "host=\"a\\\"b",
        "for=1.1.1.1;", "\"\"\"", "for=\"x\\\\\""}) {
    EXPECT_EQ(Forwarded(absl::StrCat(forged, ", for=192.0.2.7")), "192.0.2.7")
        << forged;
    EXPECT_EQ(
        Forwarded(absl::StrCat(forged, ", for=\"[2001:db9::7]\";host=\"a,b\"")),
        "2001:db9::7")
        << forged;
  }
}

TEST(ClientAddressTest, BothHeadersMustAgree) {
  const ClientAddress same =
      Proxies().Resolve(kPeer, {.x_forwarded_for = {"1.1.1.1, 192.0.2.7"},
                                .forwarded = {"for=\"192.0.2.7:80\""}});
  EXPECT_EQ(same.address, "192.0.2.7");
  EXPECT_FALSE(same.is_contradictory);

  for (const std::string_view other : {"for=1.1.1.1", "for=unknown", "x"}) {
    const ClientAddress client =
        Proxies().Resolve(kPeer, {.x_forwarded_for = {"192.0.2.7"},
                                  .forwarded = {other},
                                  .x_forwarded_proto = {"https"}});
    EXPECT_EQ(client.address, kPeer) << other;
    EXPECT_EQ(client.is_https, std::nullopt) << other;
    EXPECT_TRUE(client.is_contradictory) << other;
  }
}

TEST(ClientAddressTest, KnowsTheProtocolOfTheClient) {
  EXPECT_EQ(XForwardedProto("192.0.2.7", "https"), true);
  EXPECT_EQ(XForwardedProto("192.0.2.7", "HTTP"), false);
  EXPECT_EQ(XForwardedProto("192.0.2.7", "gopher"), std::nullopt);
  EXPECT_EQ(XForwardedProto("192.0.2.7", ""), std::nullopt);
  EXPECT_EQ(XForwardedProto("", "https"), true);
  EXPECT_EQ(XForwardedProto("unknown", "https"), true);
  // The client forges an entry; the proxy appends.
  EXPECT_EQ(XForwardedProto("192.0.2.7", "https, http"), false);
  // The outer proxy speaks http with the inner one.
  EXPECT_EQ(XForwardedProto("192.0.2.7, 10.0.0.2", "https, http"), true);
  EXPECT_EQ(XForwardedProto("1.1.1.1, 192.0.2.7, 10.0.0.2", "https"), true);
}

TEST(ClientAddressTest, ForwardedHasAProtocolForEachHop) {
  const auto is_https = [](std::string_view forwarded,
                           std::string_view proto = "") {
    return Proxies()
        .Resolve(kPeer,
                 {.forwarded = {forwarded}, .x_forwarded_proto = {proto}})
        .is_https;
  };
  EXPECT_EQ(is_https("for=192.0.2.7;proto=https"), true);
  EXPECT_EQ(is_https("for=192.0.2.7;proto=\"http\""), false);
  EXPECT_EQ(is_https("for=192.0.2.7"), std::nullopt);
  EXPECT_EQ(is_https("for=unknown;proto=https"), true);
  EXPECT_EQ(is_https("for=1.1.1.1;proto=http,for=192.0.2.7;proto=https,"
                     "for=10.0.0.2;proto=http"),
            true);
  EXPECT_EQ(is_https("for=192.0.2.7;proto=https;proto=https"), std::nullopt);
  // https only if no header denies it.
  EXPECT_EQ(is_https("for=192.0.2.7;proto=https", "http"), false);
  EXPECT_EQ(is_https("for=192.0.2.7;proto=http", "https"), false);
  EXPECT_EQ(is_https("for=192.0.2.7;proto=https", "https"), true);
}

TEST(ClientAddressTest, LooksAtABoundedNumberOfEntries) {
  std::string chain = "192.0.2.7";
  for (int i = 1; i < TrustedProxies::kMaxEntries; ++i) {
    absl::StrAppend(&chain, ",10.0.0.2");
  }
  EXPECT_EQ(XForwardedFor(chain), "192.0.2.7");
  EXPECT_EQ(XForwardedFor(chain + ",10.0.0.2"), "10.0.0.2");
  EXPECT_EQ(XForwardedFor("192.0.2.7" + std::string(1000000, ',')), kPeer);
  EXPECT_EQ(XForwardedFor(std::string(1000000, '1') + ",192.0.2.7"),
            "192.0.2.7");
  for (const std::string_view piece : {"\"", "\\", "\\\"", "a", ";", "="}) {
    std::string huge = "for=\"";
    for (int i = 0; i < 200000; ++i) absl::StrAppend(&huge, piece);
    EXPECT_EQ(Forwarded(huge), kPeer) << piece;
    EXPECT_EQ(Forwarded(huge + ",for=192.0.2.7"), "192.0.2.7") << piece;
  }
}

}  // namespace
}  // namespace tallyman::server
