#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "absl/log/check.h"
#include "absl/status/statusor.h"
#include "api/http/params.h"
#include "api/stacks/stacks_envelope.h"
#include "storage/pagination.h"
#include "tools/fuzz/input.h"

namespace tallyman::api {
namespace {

using storage::PageInfo;
using storage::PageRequest;

void TestPage(const PageRequest& request, int64_t count) {
  const PageInfo info = storage::Paginate(request, count);
  CHECK_EQ(info.current, request.page);
  CHECK_EQ(info.per_page, request.per_page);
  CHECK_EQ(info.count, count);
  CHECK_GE(info.pages, 1);
  // Divided, not multiplied: that might overflow.
  CHECK_EQ(info.pages,
           count / info.per_page + (count % info.per_page > 0) + (count == 0));
  CHECK_GE(info.begin, 0);
  CHECK_LE(info.begin, info.end);
  CHECK_LE(info.end, count);
  CHECK_LE(info.end - info.begin, info.per_page);
  // Only pages past the end, and the page of an empty list, are empty.
  CHECK_EQ(info.begin == info.end, info.current > info.pages || count == 0);
  if (info.previous) {
    CHECK_GE(*info.previous, 1);
    CHECK_EQ(*info.previous, std::min(info.current - 1, info.pages));
  } else {
    CHECK_EQ(info.current, 1);
  }
  if (info.next) {
    CHECK_EQ(*info.next, info.current + 1);
    CHECK_LE(*info.next, info.pages);
    const PageInfo next = storage::Paginate(
        {.page = *info.next, .per_page = info.per_page}, count);
    CHECK_EQ(next.begin, info.end);
    CHECK(next.previous == info.current);
  } else {
    CHECK_GE(info.current, info.pages);
  }
}

void TestPageRequest(std::string_view query, int64_t count) {
  const absl::StatusOr<PageRequest> request =
      ParsePageRequest(Params::Parse(query));
  if (!request.ok()) {
    fuzz::CheckClientError(request.status());
    return;
  }
  CHECK_OK(storage::Validate(*request));
  TestPage(*request, count);
}

}  // namespace
}  // namespace tallyman::api

// A line with the number of items, then a query.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  tallyman::fuzz::Input input(data, size);
  const int64_t count = std::max<int64_t>(input.TakeInteger(), 0);
  tallyman::api::TestPageRequest(input.rest(), count);
  return 0;
}
