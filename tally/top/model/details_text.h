// All that is known of one process, as lines for a pane.

#ifndef TALLYMAN_TALLY_TOP_MODEL_DETAILS_TEXT_H_
#define TALLYMAN_TALLY_TOP_MODEL_DETAILS_TEXT_H_

#include <vector>

#include "absl/time/time.h"
#include "tally/top/model/host_process.h"
#include "tally/top/model/process_columns.h"
#include "tally/top/model/process_table.h"
#include "tally/top/model/text_pane.h"

namespace tallyman::tally {

// `table` has the names of relatives and the share of the processor. Long texts
// are cut into lines of `width` cells.
std::vector<PaneLine> DetailsLines(const ProcessDetails& details,
                                   const ProcessTable& table,
                                   const StackNames& names, int width,
                                   absl::Time now, absl::TimeZone zone);

// The keys of tally top.
std::vector<PaneLine> HelpLines();

}  // namespace tallyman::tally

#endif  // TALLYMAN_TALLY_TOP_MODEL_DETAILS_TEXT_H_
