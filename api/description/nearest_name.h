// The name that a misspelt one probably stands for.

#ifndef TALLYMAN_API_DESCRIPTION_NEAREST_NAME_H_
#define TALLYMAN_API_DESCRIPTION_NEAREST_NAME_H_

#include <cstddef>
#include <string_view>

#include "absl/types/span.h"

namespace tallyman::api {

// The least number of bytes to insert, to remove or to replace that turn `a`
// into `b` (Levenshtein). Takes time in the product of their sizes.
size_t EditDistance(std::string_view a, std::string_view b);

// The one of `names`, which are not empty, with the least distance to `name`,
// ignoring the case of ASCII letters; the first of several. Compares no more
// than the first 64 bytes of `name`.
std::string_view NearestName(std::string_view name,
                             absl::Span<const std::string_view> names);

}  // namespace tallyman::api

#endif  // TALLYMAN_API_DESCRIPTION_NEAREST_NAME_H_
