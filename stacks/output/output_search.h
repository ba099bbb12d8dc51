// Finds lines in the output of an instance, by their text and their times.
//
//   absl::StatusOr<FoundOutput> found = SearchOutput(
//       logs, key, {.since = absl::Now() - absl::Minutes(5), .max_lines =
//       100});

#ifndef TALLYMAN_STACKS_OUTPUT_OUTPUT_SEARCH_H_
#define TALLYMAN_STACKS_OUTPUT_OUTPUT_SEARCH_H_

#include <cstdint>
#include <deque>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "stacks/model/instance_key.h"
#include "stacks/output/output_line.h"
#include "stacks/output/output_log.h"
#include "stacks/output/output_times.h"

namespace tallyman::stacks {

// Which lines are wanted.
struct OutputSearch {
  // Is called with each line, or piece of one that is longer than
  // kMaxOutputPieceBytes, as it was written; empty: all lines match.
  std::function<bool(std::string_view line)> matches;
  // Lines that may have been written in this closed range
  // (OutputTime::MayBeIn()).
  absl::Time since = absl::InfinitePast();
  absl::Time until = absl::InfiniteFuture();
  // Only bytes before; the present end if it is absent.
  std::optional<OutputPosition> end;
  // The newest of them: so many lines, which take about so much memory.
  int64_t max_lines = std::numeric_limits<int64_t>::max();
  int64_t max_bytes = kMaxLogBytes;
};

struct FoundLine {
  std::string text;         // Without LF or CR LF.
  bool is_partial = false;  // A piece: the line goes on.
  OutputTime time;          // Of its end.
  OutputMark mark;          // After it; the place in the files only.
};

struct FoundOutput {
  std::deque<FoundLine> lines;  // In the order of the output.
  bool has_older = false;       // Older lines were left out by a maximum.
};

// Nothing is found if there is no file. Reads the output from its beginning or,
// if marks allow it, from `since`, in pieces: needs `max_bytes` and about half
// a mebibyte besides, whatever the size of the output. Errors are those of
// OutputLogs.
absl::StatusOr<FoundOutput> SearchOutput(const OutputLogs& logs,
                                         const InstanceKey& key,
                                         const OutputSearch& search);

}  // namespace tallyman::stacks

#endif  // TALLYMAN_STACKS_OUTPUT_OUTPUT_SEARCH_H_
