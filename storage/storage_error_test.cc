#include "storage/storage_error.h"

#include "absl/status/status.h"
#include "gtest/gtest.h"

namespace tallyman::storage {
namespace {

TEST(StorageErrorTest, CopiesKeepTheMark) {
  const absl::Status plain = absl::UnavailableError("out of descriptors");
  const absl::Status marked = MarkStorageError(plain);
  const absl::Status copy = marked;
  EXPECT_TRUE(IsStorageError(copy));
  EXPECT_EQ(copy.code(), plain.code());
  EXPECT_EQ(copy.message(), plain.message());
  EXPECT_FALSE(IsStorageError(plain));
  EXPECT_FALSE(IsStorageError(absl::OkStatus()));
}

}  // namespace
}  // namespace tallyman::storage
