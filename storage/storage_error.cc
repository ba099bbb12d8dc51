#include "storage/storage_error.h"

#include "absl/status/status.h"
#include "absl/strings/cord.h"

namespace tallyman::storage {
namespace {

// absl::Status::ToString() shows it: "[tallyman.storage='']".
constexpr char kPayload[] = "tallyman.storage";

}  // namespace

absl::Status MarkStorageError(absl::Status status) {
  status.SetPayload(kPayload, absl::Cord());
  return status;
}

bool IsStorageError(const absl::Status& status) {
  return status.GetPayload(kPayload).has_value();
}

}  // namespace tallyman::storage
