// The text of units, and the words of their values: systemd.syntax(7).

#ifndef TALLYMAN_TALLY_IMPORT_SYSTEMD_FILE_H_
#define TALLYMAN_TALLY_IMPORT_SYSTEMD_FILE_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "tally/import/draft.h"
#include "tally/import/types.h"

namespace tallyman::tally {

struct UnitEntry {
  Origin origin;
  std::string section;
  std::string value;  // Continued lines are joined by spaces.
};

// InvalidArgument, with the line, for a line that is neither a section, nor
// key=value, nor a comment.
absl::StatusOr<std::vector<UnitEntry>> ParseUnit(const ImportFile& file);

struct UnitWord {
  std::string text;
  bool is_quoted = false;  // In part, at least.
};

// Splits at spaces. "..." and '...' hold spaces together, and a backslash
// begins an escape as in C. InvalidArgument for a quotation that is not closed,
// an unknown escape, and a control character that sh's words cannot have here.
absl::StatusOr<std::vector<UnitWord>> SplitUnitWords(std::string_view text);

}  // namespace tallyman::tally

#endif  // TALLYMAN_TALLY_IMPORT_SYSTEMD_FILE_H_
