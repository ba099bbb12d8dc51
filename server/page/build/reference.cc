#include "server/page/build/reference.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"

namespace tallyman::page {

std::string Replace(std::string_view text,
                    const std::vector<Reference>& references,
                    const std::vector<std::string>& names) {
  std::string replaced;
  size_t at = 0;
  for (size_t i = 0; i < references.size(); ++i) {
    absl::StrAppend(&replaced, text.substr(at, references[i].begin - at),
                    names[i]);
    at = references[i].begin + references[i].name.size();
  }
  absl::StrAppend(&replaced, text.substr(at));
  return replaced;
}

}  // namespace tallyman::page
