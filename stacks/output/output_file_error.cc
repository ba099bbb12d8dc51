#include "stacks/output/output_file_error.h"

#include <string_view>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace tallyman::stacks {

absl::Status OutputFileError(int error, std::string_view path,
                             std::string_view problem) {
  return absl::ErrnoToStatus(
      error, absl::StrCat("output file \"", path, "\" ", problem));
}

}  // namespace tallyman::stacks
