// Modules of the page: what they import, and their text without comments.

#ifndef TALLYMAN_SERVER_PAGE_BUILD_JS_H_
#define TALLYMAN_SERVER_PAGE_BUILD_JS_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "server/page/build/reference.h"

namespace tallyman::page {

// The names in `from "..."` of imports and exports, in `import "..."` and in
// `import("...")`. Names in comments, strings and templates are none.
// InvalidArgument ("12: ...") for a text that ReadJsTokens() refuses, an import
// without a name, and `import()` of something else than one string.
absl::StatusOr<std::vector<Reference>> FindJsReferences(std::string_view text);

// `text` without comments, indentation, blank lines and spaces that separate
// nothing. Each line break that separated tokens remains one: no statement ends
// elsewhere than before, and an error in a browser shows a line. Strings and
// templates stay as they are, except that lines of a template html`...` lose
// their indentation, which HTML ignores. Errors as of ReadJsTokens().
absl::StatusOr<std::string> MinifyJs(std::string_view text);

}  // namespace tallyman::page

#endif  // TALLYMAN_SERVER_PAGE_BUILD_JS_H_
