// Pages of a list: the items of a page, and the pages before and after it.
//
// Example: storage/database_example_test.cc

#ifndef TALLYMAN_STORAGE_PAGINATION_H_
#define TALLYMAN_STORAGE_PAGINATION_H_

#include <cstdint>
#include <optional>

#include "absl/status/status.h"

namespace tallyman::storage {

inline constexpr int64_t kDefaultPerPage = 30;
inline constexpr int64_t kMaxPerPage = 100;

// The page that a client asks for.
struct PageRequest {
  int64_t page = 1;                    // from 1
  int64_t per_page = kDefaultPerPage;  // from 1 to kMaxPerPage
};

// A page and its place in the list.
struct PageInfo {
  // The neighbours; none at the ends of the list. They always exist: of a page
  // past the end of the list, there is no next one, and the previous one is the
  // last of the list. So a client that follows either one comes to an end.
  std::optional<int64_t> previous;
  std::optional<int64_t> next;
  int64_t current = 1;  // the requested page, also past the end
  int64_t per_page = kDefaultPerPage;
  int64_t count = 0;  // items of the list
  int64_t pages = 1;  // pages of the list; an empty list has one

  // The items of this page: [begin, end), counted from 0. Always within the
  // list; for a page past the end both are `count`.
  int64_t begin = 0;
  int64_t end = 0;
};

// kInvalidArgument names the parameter that is out of its range, "page" or
// "per_page".
absl::Status Validate(const PageRequest& request);

// The page `request` of a list of `count` items. A value out of range counts as
// the nearest one in range; any page up to the greatest int64_t is in range.
PageInfo Paginate(const PageRequest& request, int64_t count);

}  // namespace tallyman::storage

#endif  // TALLYMAN_STORAGE_PAGINATION_H_
