#include "server/access/connection_limits.h"

#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "absl/log/check.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "server/access/ip_prefix.h"

namespace tallyman::server {
namespace {

using Verdict = ConnectionLimits::Verdict;
using Ticket = ConnectionLimits::Ticket;

// Admits a connection, and keeps it open in `open`.
Verdict Admit(ConnectionLimits& limits, std::string_view peer,
              std::vector<Ticket>& open) {
  ConnectionLimits::Admission admission = limits.Admit(peer);
  EXPECT_EQ(admission.ticket.valid(), admission.verdict == Verdict::kOk);
  open.push_back(std::move(admission.ticket));
  return admission.verdict;
}

TEST(ConnectionLimitsTest, LimitsAllConnections) {
  ConnectionLimits limits({.max_connections = 2});
  std::vector<Ticket> open;
  EXPECT_EQ(Admit(limits, "192.0.2.1", open), Verdict::kOk);
  EXPECT_EQ(Admit(limits, "unix:uid=0", open), Verdict::kOk);
  EXPECT_EQ(Admit(limits, "192.0.2.2", open), Verdict::kTooMany);
  EXPECT_EQ(limits.total(), 2);
  open.clear();
  EXPECT_EQ(limits.total(), 0);
  EXPECT_EQ(Admit(limits, "192.0.2.2", open), Verdict::kOk);
}

TEST(ConnectionLimitsTest, LimitsEachAddress) {
  ConnectionLimits limits({.max_connections_per_address = 2});
  std::vector<Ticket> open;
  EXPECT_EQ(Admit(limits, "192.0.2.1", open), Verdict::kOk);
  EXPECT_EQ(Admit(limits, "::ffff:192.0.2.1", open), Verdict::kOk);
  EXPECT_EQ(Admit(limits, "192.0.2.1", open), Verdict::kTooManyOfAddress);
  EXPECT_EQ(Admit(limits, "192.0.2.2", open), Verdict::kOk);
  EXPECT_EQ(limits.total(), 3);
  open[0].Release();
  open[0].Release();
  EXPECT_EQ(limits.total(), 2);
  EXPECT_EQ(Admit(limits, "192.0.2.1", open), Verdict::kOk);
}

TEST(ConnectionLimitsTest, AnIpv6NetworkIsOneAddress) {
  ConnectionLimits limits({.max_connections_per_address = 1});
  std::vector<Ticket> open;
  EXPECT_EQ(Admit(limits, "2001:db8:0:1::1", open), Verdict::kOk);
  EXPECT_EQ(Admit(limits, "2001:db8:0:1:ffff::", open),
            Verdict::kTooManyOfAddress);
  EXPECT_EQ(Admit(limits, "2001:db8:0:2::1", open), Verdict::kOk);
}

TEST(ConnectionLimitsTest, ProxiesAndUnixPeersHaveNoLimitPerAddress) {
  absl::StatusOr<IpPrefixSet> exempt = IpPrefixSet::Parse("10.0.0.0/8");
  CHECK_OK(exempt);
  ConnectionLimits limits({.max_connections = 6,
                           .max_connections_per_address = 1,
                           .exempt = *std::move(exempt)});
  std::vector<Ticket> open;
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(Admit(limits, "10.0.0.1", open), Verdict::kOk);
    EXPECT_EQ(Admit(limits, "unix:uid=1000", open), Verdict::kOk);
  }
  EXPECT_EQ(limits.addresses(), 0);
  EXPECT_EQ(Admit(limits, "10.0.0.1", open), Verdict::kTooMany);
}

TEST(ConnectionLimitsTest, UnknownPeersCountAsOne) {
  ConnectionLimits limits({.max_connections_per_address = 1});
  std::vector<Ticket> open;
  EXPECT_EQ(Admit(limits, "unknown", open), Verdict::kOk);
  EXPECT_EQ(Admit(limits, "", open), Verdict::kTooManyOfAddress);
}

TEST(ConnectionLimitsTest, ZeroIsUnlimited) {
  ConnectionLimits limits({});
  std::vector<Ticket> open;
  for (int i = 0; i < 1000; ++i) {
    ASSERT_EQ(Admit(limits, "192.0.2.1", open), Verdict::kOk);
  }
  EXPECT_EQ(limits.total(), 1000);
}

TEST(ConnectionLimitsTest, KeepsEntriesOfOpenConnectionsOnly) {
  ConnectionLimits limits(
      {.max_connections = 10, .max_connections_per_address = 1});
  for (int i = 0; i < 256; ++i) {
    std::vector<Ticket> open;
    const std::string peer = absl::StrCat("192.0.2.", i);
    EXPECT_EQ(Admit(limits, peer, open), Verdict::kOk);
    EXPECT_EQ(Admit(limits, peer, open), Verdict::kTooManyOfAddress);
    EXPECT_EQ(limits.addresses(), 1);
  }
  EXPECT_EQ(limits.addresses(), 0);
  EXPECT_EQ(limits.total(), 0);
}

TEST(ConnectionLimitsTest, ARefusedConnectionAddsNoEntry) {
  ConnectionLimits limits(
      {.max_connections = 1, .max_connections_per_address = 1});
  std::vector<Ticket> open;
  EXPECT_EQ(Admit(limits, "192.0.2.1", open), Verdict::kOk);
  EXPECT_EQ(Admit(limits, "192.0.2.2", open), Verdict::kTooMany);
  EXPECT_EQ(limits.addresses(), 1);
}

TEST(ConnectionLimitsTest, ATicketMoves) {
  ConnectionLimits limits({.max_connections_per_address = 5});
  {
    Ticket first = limits.Admit("192.0.2.1").ticket;
    Ticket second = std::move(first);
    EXPECT_TRUE(second.valid());
    EXPECT_EQ(limits.total(), 1);
    second = limits.Admit("192.0.2.2").ticket;
    EXPECT_EQ(limits.total(), 1);
    EXPECT_EQ(limits.addresses(), 1);
  }
  EXPECT_EQ(limits.total(), 0);
  EXPECT_EQ(limits.addresses(), 0);
}

TEST(ConnectionLimitsTest, CountsFromSeveralThreads) {
  ConnectionLimits limits(
      {.max_connections = 100, .max_connections_per_address = 3});
  constexpr int kThreads = 4;
  std::vector<std::thread> threads;
  threads.reserve(kThreads);
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&limits, t] {
      for (int i = 0; i < 1000; ++i) {
        // Two threads share each address: at most 2 connections are open.
        const auto admission = limits.Admit(absl::StrCat("192.0.2.", t % 2));
        CHECK(admission.verdict == Verdict::kOk);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(limits.total(), 0);
  EXPECT_EQ(limits.addresses(), 0);
}

}  // namespace
}  // namespace tallyman::server
