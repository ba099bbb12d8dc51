#include "storage/pagination.h"

#include <algorithm>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace tallyman::storage {

absl::Status Validate(const PageRequest& request) {
  if (request.page < 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("page is ", request.page, ", pages count from 1"));
  }
  if (request.per_page < 1 || request.per_page > kMaxPerPage) {
    return absl::InvalidArgumentError(
        absl::StrCat("per_page is ", request.per_page,
                     ", it has to be from 1 to ", kMaxPerPage));
  }
  return absl::OkStatus();
}

PageInfo Paginate(const PageRequest& request, int64_t count) {
  PageInfo info;
  info.current = std::max<int64_t>(request.page, 1);
  info.per_page = std::clamp<int64_t>(request.per_page, 1, kMaxPerPage);
  info.count = std::max<int64_t>(count, 0);
  info.pages = info.count == 0 ? 1 : (info.count - 1) / info.per_page + 1;
  if (info.current > 1) {
    info.previous = std::min(info.current - 1, info.pages);
  }
  if (info.current > info.pages) {
    info.begin = info.count;
    info.end = info.count;
    return info;
  }
  if (info.current < info.pages) info.next = info.current + 1;
  // The page exists, so the products are at most `count`: no overflow.
  info.begin = (info.current - 1) * info.per_page;
  info.end = info.begin + std::min(info.per_page, info.count - info.begin);
  return info;
}

}  // namespace tallyman::storage
