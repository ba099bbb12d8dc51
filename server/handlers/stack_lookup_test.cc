#include "server/handlers/stack_lookup.h"

#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "gtest/gtest.h"
#include "stacks/model/registry.h"

namespace tallyman::server {
namespace {

stacks::RegistrySnapshot SnapshotOf(
    std::initializer_list<std::pair<std::string_view, std::string_view>>
        servers) {
  stacks::RegistrySnapshot snapshot;
  for (const auto& [uid, name] : servers) {
    auto server = std::make_shared<stacks::Server>();
    server->uid = std::string(uid);
    server->name = std::string(name);
    snapshot.servers.push_back(std::move(server));
  }
  return snapshot;
}

TEST(ResolveServerTest, FindsByUidAndByName) {
  const stacks::RegistrySnapshot snapshot =
      SnapshotOf({{"u1", "one"}, {"u2", "two"}});
  EXPECT_EQ(*ResolveServer(snapshot, "u2"), "u2");
  EXPECT_EQ(*ResolveServer(snapshot, "one"), "u1");
  EXPECT_EQ(*ResolveServer(snapshot, "three"), "three");
}

TEST(ResolveServerTest, AUidWinsOverAName) {
  EXPECT_EQ(*ResolveServer(SnapshotOf({{"u1", "u2"}, {"u2", "two"}}), "u2"),
            "u2");
}

TEST(ResolveServerTest, AnAmbiguousNameIsAnError) {
  const absl::Status status =
      ResolveServer(SnapshotOf({{"u1", "same"}, {"u2", "same"}}), "same")
          .status();
  EXPECT_EQ(status, absl::InvalidArgumentError(
                        "server_count: several servers have the name \"same\"; "
                        "give one of their uids: u1, u2"));
}

}  // namespace
}  // namespace tallyman::server
