// Specifiers of units, such as %i, and the names of units: systemd.unit(5).

#ifndef TALLYMAN_TALLY_IMPORT_SYSTEMD_SPECIFIER_H_
#define TALLYMAN_TALLY_IMPORT_SYSTEMD_SPECIFIER_H_

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace tallyman::tally {

// "web@blue.service" is of prefix "web", instance "blue", type "service". A
// template has the instance "".
struct UnitName {
  std::string prefix;
  std::optional<std::string> instance;
  std::string type;

  std::string ToString() const;
};
UnitName ParseUnitName(std::string_view name);

// Replaces the specifiers of `text`, as the system's manager does. With
// `instance_script` the instance is an Expansion() of it (shell_words.h).
// InvalidArgument names one that is not known before an instance starts.
absl::StatusOr<std::string> ExpandSpecifiers(
    std::string_view text, const UnitName& unit,
    const std::string& instance_script);

}  // namespace tallyman::tally

#endif  // TALLYMAN_TALLY_IMPORT_SYSTEMD_SPECIFIER_H_
