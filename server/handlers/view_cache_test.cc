#include "server/handlers/view_cache.h"

#include <cstddef>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "server/handlers/stack_requests.h"
#include "stacks/model/registry.h"
#include "stacks/model/status.h"

namespace tallyman::server {
namespace {

StackView NewView() {
  return {.registry = std::make_shared<const stacks::RegistrySnapshot>(),
          .status = std::make_shared<const stacks::StatusSnapshot>()};
}

CachedBody Body(std::string text, std::string etag = "") {
  return {.body = std::make_shared<const std::string>(std::move(text)),
          .etag = std::move(etag)};
}

TEST(ViewCacheTest, FindsWhatItKeeps) {
  ViewCache cache;
  const StackView view = NewView();
  EXPECT_FALSE(cache.Find(view, "a"));
  cache.Keep(view, "a", Body("1", "\"e\""));
  cache.Keep(view, "b", Body("2"));
  ASSERT_TRUE(cache.Find(view, "a"));
  EXPECT_EQ(*cache.Find(view, "a")->body, "1");
  EXPECT_EQ(cache.Find(view, "a")->etag, "\"e\"");
  EXPECT_EQ(*cache.Find(view, "b")->body, "2");
  EXPECT_FALSE(cache.Find(view, "c"));
}

TEST(ViewCacheTest, AnyChangeMakesAnotherView) {
  ViewCache cache;
  const StackView view = NewView();
  StackView other_status = view;
  other_status.status = NewView().status;
  StackView other_registry = view;
  other_registry.registry = NewView().registry;
  cache.Keep(view, "a", Body("1"));
  EXPECT_FALSE(cache.Find(other_status, "a"));
  EXPECT_FALSE(cache.Find(other_registry, "a"));
  cache.Keep(other_status, "a", Body("2"));
  EXPECT_FALSE(cache.Find(view, "a"));
  EXPECT_EQ(*cache.Find(other_status, "a")->body, "2");
}

TEST(ViewCacheTest, NothingIsFoundInTheViewOfNone) {
  const ViewCache cache;
  EXPECT_FALSE(cache.Find({}, "a"));
}

TEST(ViewCacheTest, LetsGoOfWhatIsNotShownAnyMore) {
  ViewCache cache;
  const StackView view = NewView();
  const CachedBody body = Body("1");
  cache.Keep(view, "a", body);
  EXPECT_EQ(body.body.use_count(), 2);
  cache.Keep(NewView(), "a", Body("2"));
  EXPECT_EQ(body.body.use_count(), 1);
  EXPECT_EQ(view.status.use_count(), 1);
}

TEST(ViewCacheTest, IsBounded) {
  ViewCache cache;
  const StackView view = NewView();
  const CachedBody body = Body(std::string(ViewCache::kMaxBytes / 4, 'x'));
  constexpr int kKeys = 100;
  for (int i = 0; i < kKeys; ++i) cache.Keep(view, absl::StrCat(i), body);
  EXPECT_LE(body.body.use_count(), 4);
  EXPECT_TRUE(cache.Find(view, absl::StrCat(kKeys - 1)));
  // Without any body there is an end as well.
  const CachedBody empty = Body("");
  constexpr int kMany = 20'000;
  for (int i = 0; i < kMany; ++i) cache.Keep(view, absl::StrCat(i), empty);
  EXPECT_LT(empty.body.use_count(), kMany);
  cache.Keep(view, "large", Body(std::string(ViewCache::kMaxBytes, 'x')));
  EXPECT_FALSE(cache.Find(view, "large"));
}

}  // namespace
}  // namespace tallyman::server
