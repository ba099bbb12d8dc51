// `tally top` on a terminal, from its start to its end.
//
//   ClientSource source(endpoint, absl::Seconds(2));
//   absl::StatusOr<ExitCode> code = RunTop({.server = "127.0.0.1"}, source);

#ifndef TALLYMAN_TALLY_TOP_RUN_TOP_H_
#define TALLYMAN_TALLY_TOP_RUN_TOP_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "tally/cli/exit_code.h"
#include "tally/top/top_source.h"
#include "tally/top/view/theme.h"

namespace tallyman::tally {

struct RunTopOptions {
  std::string server;  // For the title.
  Theme theme = Theme::kDark;
  bool has_mouse = true;
  absl::Duration interval = absl::Seconds(2);  // Of the source's scans.
  int input_fd = 0;
  int output_fd = 1;
};

// The theme for a terminal whose environment has this COLORFGBG, such as
// "15;0" (foreground, then background, of rxvt's palette); dark if it says
// nothing.
Theme ThemeOfBackground(std::string_view colorfgbg);

// Shows the data of `source`, which it starts, until a person quits. The
// terminal is then as it was, and also after SIGINT, SIGTERM and SIGHUP, which
// HandleInterrupts() of tally/terminal/interrupt.h must have taken over, after
// a crash, and while it is stopped (Ctrl-Z). What `source` posts later is
// dropped.
//
// 128 and the number of a signal that ended it, kInterrupted for Ctrl-C. An
// error if there is no terminal, or if the server refuses the first request.
absl::StatusOr<ExitCode> RunTop(const RunTopOptions& options,
                                TopSource& source);

}  // namespace tallyman::tally

#endif  // TALLYMAN_TALLY_TOP_RUN_TOP_H_
