#include "storage/pagination.h"

#include <cstdint>
#include <limits>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tallyman::storage {
namespace {

using ::testing::StartsWith;

constexpr int64_t kMax = std::numeric_limits<int64_t>::max();

TEST(PaginateTest, AnEmptyListHasOnePage) {
  const PageInfo info = Paginate({}, 0);
  EXPECT_EQ(info.previous, std::nullopt);
  EXPECT_EQ(info.next, std::nullopt);
  EXPECT_EQ(info.current, 1);
  EXPECT_EQ(info.per_page, 30);
  EXPECT_EQ(info.count, 0);
  EXPECT_EQ(info.pages, 1);
  EXPECT_EQ(info.begin, 0);
  EXPECT_EQ(info.end, 0);
}

TEST(PaginateTest, AFullPageIsTheOnlyOne) {
  const PageInfo info = Paginate({}, 30);
  EXPECT_EQ(info.pages, 1);
  EXPECT_EQ(info.next, std::nullopt);
  EXPECT_EQ(info.end, 30);
}

TEST(PaginateTest, OneMoreThanAFullPageMakesTwo) {
  const PageInfo first = Paginate({}, 31);
  EXPECT_EQ(first.pages, 2);
  EXPECT_EQ(first.previous, std::nullopt);
  EXPECT_EQ(first.next, 2);
  EXPECT_EQ(first.begin, 0);
  EXPECT_EQ(first.end, 30);
  const PageInfo second = Paginate({.page = 2}, 31);
  EXPECT_EQ(second.previous, 1);
  EXPECT_EQ(second.next, std::nullopt);
  EXPECT_EQ(second.begin, 30);
  EXPECT_EQ(second.end, 31);
}

TEST(PaginateTest, AMiddlePageHasBothNeighbours) {
  const PageInfo info = Paginate({.page = 3, .per_page = 10}, 45);
  EXPECT_EQ(info.pages, 5);
  EXPECT_EQ(info.previous, 2);
  EXPECT_EQ(info.next, 4);
  EXPECT_EQ(info.begin, 20);
  EXPECT_EQ(info.end, 30);
}

TEST(PaginateTest, APagePastTheEndIsEmptyAndItsPreviousIsTheLast) {
  for (const int64_t page : {int64_t{6}, int64_t{7}, kMax}) {
    const PageInfo info = Paginate({.page = page, .per_page = 10}, 45);
    EXPECT_EQ(info.current, page);
    EXPECT_EQ(info.previous, 5);
    EXPECT_EQ(info.next, std::nullopt);
    EXPECT_EQ(info.begin, 45);
    EXPECT_EQ(info.end, 45);
  }
  EXPECT_EQ(Paginate({.page = 2}, 0).previous, 1);
}

TEST(PaginateTest, FollowingNextVisitsEveryItemOnce) {
  for (const int64_t count : {1, 9, 10, 11, 100}) {
    int64_t seen = 0;
    std::optional<int64_t> page = 1;
    while (page.has_value()) {
      const PageInfo info = Paginate({.page = *page, .per_page = 10}, count);
      EXPECT_EQ(info.begin, seen);
      seen = info.end;
      page = info.next;
    }
    EXPECT_EQ(seen, count);
  }
}

TEST(PaginateTest, GreatestNumbersDoNotOverflow) {
  const PageInfo info = Paginate({.page = kMax, .per_page = 1}, kMax);
  EXPECT_EQ(info.pages, kMax);
  EXPECT_EQ(info.next, std::nullopt);
  EXPECT_EQ(info.begin, kMax - 1);
  EXPECT_EQ(info.end, kMax);
  const PageInfo last =
      Paginate({.page = kMax / 100 + 1, .per_page = 100}, kMax);
  EXPECT_EQ(last.pages, kMax / 100 + 1);
  EXPECT_EQ(last.end, kMax);
}

TEST(PaginateTest, ValuesOutOfRangeCountAsTheNearestInRange) {
  const PageInfo info = Paginate({.page = -5, .per_page = 0}, -1);
  EXPECT_EQ(info.current, 1);
  EXPECT_EQ(info.per_page, 1);
  EXPECT_EQ(info.count, 0);
  EXPECT_EQ(Paginate({.per_page = kMax}, 5).per_page, 100);
}

TEST(ValidateTest, NamesTheParameter) {
  EXPECT_TRUE(Validate({}).ok());
  EXPECT_TRUE(Validate({.page = kMax, .per_page = 100}).ok());
  EXPECT_TRUE(Validate({.page = 1, .per_page = 1}).ok());
  for (const int64_t page : {int64_t{0}, int64_t{-1}}) {
    const absl::Status status = Validate({.page = page});
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(status.message()), StartsWith("page "));
  }
  for (const int64_t per_page : {int64_t{0}, int64_t{101}, kMax}) {
    const absl::Status status = Validate({.per_page = per_page});
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(status.message()), StartsWith("per_page "));
  }
}

}  // namespace
}  // namespace tallyman::storage
