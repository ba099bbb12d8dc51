// A place in a file of the page that names another file.

#ifndef TALLYMAN_SERVER_PAGE_BUILD_REFERENCE_H_
#define TALLYMAN_SERVER_PAGE_BUILD_REFERENCE_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace tallyman::page {

struct Reference {
  size_t begin;      // Of the name in the text, without quotation marks.
  std::string name;  // As written: "./api.js", "preact/hooks".
  int line;          // From 1.
  bool is_lazy;      // import("..."): needed later, or never.
};

// `text` with `names[i]` in place of the name of `references[i]`, which are in
// the order of the text.
std::string Replace(std::string_view text,
                    const std::vector<Reference>& references,
                    const std::vector<std::string>& names);

}  // namespace tallyman::page

#endif  // TALLYMAN_SERVER_PAGE_BUILD_REFERENCE_H_
