// Style sheets of the page: what they name, and their text without comments.

#ifndef TALLYMAN_SERVER_PAGE_BUILD_CSS_H_
#define TALLYMAN_SERVER_PAGE_BUILD_CSS_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "server/page/build/reference.h"

namespace tallyman::page {

// The names in url(...). InvalidArgument ("12: ...") for comments and strings
// without an end, and for @import: the page links each of its sheets.
absl::StatusOr<std::vector<Reference>> FindCssReferences(std::string_view text);

// `text` without comments and without white space that means nothing: it stays
// between words, where it is one space, since it can be a combinator or a part
// of calc(). Strings stay as they are. Errors as above.
absl::StatusOr<std::string> MinifyCss(std::string_view text);

}  // namespace tallyman::page

#endif  // TALLYMAN_SERVER_PAGE_BUILD_CSS_H_
