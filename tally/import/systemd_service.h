// One service of systemd.

#ifndef TALLYMAN_TALLY_IMPORT_SYSTEMD_SERVICE_H_
#define TALLYMAN_TALLY_IMPORT_SYSTEMD_SERVICE_H_

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/types/span.h"
#include "tally/import/draft.h"
#include "tally/import/systemd_file.h"
#include "tally/import/systemd_specifier.h"
#include "tally/import/types.h"

namespace tallyman::tally {

struct SystemdService {
  UnitName unit;
  // A text for sh that gives the name of the instance; "" if unit has it.
  std::string instance_script;
  Origin origin;  // Of the unit.
  // With those of the drop-ins, in the order in which they apply.
  std::vector<UnitEntry> entries;
  absl::Span<const ImportFile> env_files;
};

// Sets what the service has. The files whose variables it takes are added to
// `used`.
void ReadSystemdService(const SystemdService& service,
                        std::set<std::string>& used, Notes& notes,
                        ProcessDraft& process);

// Why a key of a unit is not carried over.
std::string_view ServiceReason(std::string_view key);

}  // namespace tallyman::tally

#endif  // TALLYMAN_TALLY_IMPORT_SYSTEMD_SERVICE_H_
