// Lines of output of instances, for standard output.
//
//   LogPrinter printer({.has_prefix = true}, out);
//   printer.Register({"worker", 1});
//   printer.Print(line);
//
// Example: tally/logs/log_line_test.cc

#ifndef TALLYMAN_TALLY_LOGS_LOG_LINE_H_
#define TALLYMAN_TALLY_LOGS_LOG_LINE_H_

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "tally/client/api.h"
#include "tally/terminal/output.h"

namespace tallyman::tally {

// `line` for a terminal: printable (text.h), with its tabs. Of the escape
// sequences only those that set colours and the like stay (ECMA-48, SGR), if
// `has_colors`, and they end with the line; without colours they are left out.
std::string TerminalLine(std::string_view line, bool has_colors);

// A line as the streams of docs/logs.md have it.
struct LogLine {
  std::string process;
  int64_t instance = 0;
  std::string text;
  std::string seen_at;  // RFC 3339; "" if unknown.
  Json json;            // All of it, for --json.
};

// Prints lines of several instances, each with a colour of its own. To a
// terminal a line is printed as TerminalLine(), elsewhere with the bytes that
// the server has sent. Thread-safe.
class LogPrinter {
 public:
  struct Options {
    bool has_prefix = false;  // "worker.1 | ".
    bool has_times = false;   // Of the local time zone.
  };

  // `out` must outlive it, and be used by nothing else meanwhile.
  LogPrinter(const Options& options, Output& out)
      : options_(options), out_(out) {}

  // Gives the instance a colour, and prefixes its width. Print() does it too.
  void Register(std::string_view process, int64_t instance)
      ABSL_LOCKS_EXCLUDED(mutex_);

  // False once the reader of standard output has gone away.
  bool Print(const LogLine& line) ABSL_LOCKS_EXCLUDED(mutex_);

  // Of Output, on standard error.
  void Warn(std::string_view text) ABSL_LOCKS_EXCLUDED(mutex_);
  void Note(std::string_view text) ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  int ColorOf(const std::string& label) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const Options options_;
  absl::Mutex mutex_;
  Output& out_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, int> colors_ ABSL_GUARDED_BY(mutex_);
  size_t width_ ABSL_GUARDED_BY(mutex_) = 0;
};

// "worker.1".
std::string InstanceLabel(std::string_view process, int64_t instance);

}  // namespace tallyman::tally

#endif  // TALLYMAN_TALLY_LOGS_LOG_LINE_H_
