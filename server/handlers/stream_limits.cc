#include "server/handlers/stream_limits.h"

#include <cstdint>
#include <memory>
#include <variant>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "api/http/error.h"

namespace tallyman::server {

StreamLimits::Lease::~Lease() {
  if (counts_ == nullptr) return;
  absl::MutexLock lock(&counts_->mutex);
  --counts_->all;
  const auto count = counts_->by_token.find(token_id_);
  if (--count->second == 0) counts_->by_token.erase(count);
}

std::variant<StreamLimits::Lease, api::Error> StreamLimits::Acquire(
    int64_t token_id) {
  absl::MutexLock lock(&counts_->mutex);
  const auto count = counts_->by_token.find(token_id);
  if (count != counts_->by_token.end() &&
      count->second >= options_.max_per_token) {
    return api::Error{
        api::ErrorKind::kThrottled,
        absl::StrCat("the token has ", count->second, " open streams of ",
                     options_.content, " (", options_.per_token_flag, ")")};
  }
  if (counts_->all >= options_.max_in_all) {
    return api::Error{
        api::ErrorKind::kUnavailable,
        absl::StrCat("the server has ", counts_->all, " open streams of ",
                     options_.content, " (", options_.in_all_flag, ")")};
  }
  ++counts_->all;
  ++counts_->by_token[token_id];
  return Lease(counts_, token_id);
}

}  // namespace tallyman::server
