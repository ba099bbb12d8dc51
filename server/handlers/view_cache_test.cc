#include "server/handlers/view_cache.h"

#include <cstddef>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "server/handlers/stack_lookup.h"
#include "stacks/model/registry.h"
#include "stacks/model/status.h"

namespace tallyman::server {
namespace {

StackSnapshots NewSnapshots() {
  return {.registry = std::make_shared<const stacks::RegistrySnapshot>(),
          .status = std::make_shared<const stacks::StatusSnapshot>()};
}

CachedBody Body(std::string text, std::string etag = "") {
  return {.body = std::make_shared<const std::string>(std::move(text)),
          .etag = std::move(etag)};
}

TEST(ViewCacheTest, FindsAnAddedBody) {
  ViewCache cache;
  const StackSnapshots snapshots = NewSnapshots();
  EXPECT_FALSE(cache.Find(snapshots, "a"));
  cache.Put(snapshots, "a", Body("1", "\"e\""));
  cache.Put(snapshots, "b", Body("2"));
  ASSERT_TRUE(cache.Find(snapshots, "a"));
  EXPECT_EQ(*cache.Find(snapshots, "a")->body, "1");
  EXPECT_EQ(cache.Find(snapshots, "a")->etag, "\"e\"");
  EXPECT_EQ(*cache.Find(snapshots, "b")->body, "2");
  EXPECT_FALSE(cache.Find(snapshots, "c"));
}

TEST(ViewCacheTest, OtherSnapshotsAreNotFound) {
  ViewCache cache;
  const StackSnapshots snapshots = NewSnapshots();
  StackSnapshots other_status = snapshots;
  other_status.status = NewSnapshots().status;
  StackSnapshots other_registry = snapshots;
  other_registry.registry = NewSnapshots().registry;
  cache.Put(snapshots, "a", Body("1"));
  EXPECT_FALSE(cache.Find(other_status, "a"));
  EXPECT_FALSE(cache.Find(other_registry, "a"));
  cache.Put(other_status, "a", Body("2"));
  EXPECT_FALSE(cache.Find(snapshots, "a"));
  EXPECT_EQ(*cache.Find(other_status, "a")->body, "2");
}

TEST(ViewCacheTest, AnEmptyCacheFindsNothing) {
  const ViewCache cache;
  EXPECT_FALSE(cache.Find({}, "a"));
}

TEST(ViewCacheTest, DropsBodiesOfOlderSnapshots) {
  ViewCache cache;
  const StackSnapshots snapshots = NewSnapshots();
  const CachedBody body = Body("1");
  cache.Put(snapshots, "a", body);
  EXPECT_EQ(body.body.use_count(), 2);
  cache.Put(NewSnapshots(), "a", Body("2"));
  EXPECT_EQ(body.body.use_count(), 1);
  EXPECT_EQ(snapshots.status.use_count(), 1);
}

TEST(ViewCacheTest, IsBounded) {
  ViewCache cache;
  const StackSnapshots snapshots = NewSnapshots();
  const CachedBody body = Body(std::string(ViewCache::kMaxBytes / 4, 'x'));
  constexpr int kKeys = 100;
  for (int i = 0; i < kKeys; ++i) cache.Put(snapshots, absl::StrCat(i), body);
  EXPECT_LE(body.body.use_count(), 4);
  EXPECT_TRUE(cache.Find(snapshots, absl::StrCat(kKeys - 1)));
  // Empty bodies are bounded as well: entries have a cost of their own.
  const CachedBody empty = Body("");
  constexpr int kMany = 20'000;
  for (int i = 0; i < kMany; ++i) cache.Put(snapshots, absl::StrCat(i), empty);
  EXPECT_LT(empty.body.use_count(), kMany);
  cache.Put(snapshots, "large", Body(std::string(ViewCache::kMaxBytes, 'x')));
  EXPECT_FALSE(cache.Find(snapshots, "large"));
}

}  // namespace
}  // namespace tallyman::server
