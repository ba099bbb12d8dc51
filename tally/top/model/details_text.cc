#include "tally/top/model/details_text.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "platform/base/utf8.h"
#include "tally/terminal/text.h"
#include "tally/top/model/host_process.h"
#include "tally/top/model/process_columns.h"
#include "tally/top/model/process_table.h"
#include "tally/top/model/text_format.h"
#include "tally/top/model/text_pane.h"

namespace tallyman::tally {
namespace {

constexpr int kNameWidth = 13;
// A process with thousands of children or descriptors stays readable.
constexpr size_t kMaxItems = 50;
constexpr size_t kMaxCommandBytes = 16'384;

// Cuts `text` into lines of at most `width` cells.
std::vector<std::string> Wrapped(std::string_view text, int width) {
  std::vector<std::string> lines(1);
  int used = 0;
  while (!text.empty()) {
    const std::string_view character =
        text.substr(0, base::FirstCharacter(text).size);
    const int cells = Columns(character);
    if (used + cells > width) {
      lines.emplace_back();
      used = 0;
    }
    lines.back().append(character);
    used += cells;
    text.remove_prefix(character.size());
  }
  return lines;
}

class Lines {
 public:
  explicit Lines(int width) : width_(std::max(20, width)) {}

  void Add(std::string_view name, std::string_view value) {
    const std::vector<std::string> parts = Wrapped(
        value.empty() ? std::string_view("-") : value, width_ - kNameWidth);
    for (size_t i = 0; i < parts.size(); ++i) {
      lines_.push_back({.text = absl::StrFormat("%-*s%s", kNameWidth,
                                                i == 0 ? name : "", parts[i])});
    }
  }
  void AddHeading(std::string_view text) {
    lines_.push_back({.text = std::string(text), .tone = Tone::kStrong});
  }
  std::vector<PaneLine> Take() { return std::move(lines_); }

 private:
  const int width_;
  std::vector<PaneLine> lines_;
};

std::string CountOrDash(int64_t count) {
  return count < 0 ? "-" : FormatCount(count);
}

template <typename T, typename Format>
std::string List(const std::vector<T>& items, Format format) {
  if (items.empty()) return "none";
  const auto end =
      items.begin() + static_cast<ptrdiff_t>(std::min(items.size(), kMaxItems));
  std::string text = absl::StrJoin(items.begin(), end, ", ",
                                   [&](std::string* out, const T& item) {
                                     absl::StrAppend(out, format(item));
                                   });
  if (items.size() > kMaxItems) {
    absl::StrAppend(&text, " and ", items.size() - kMaxItems, " more");
  }
  return text;
}

std::string SocketText(const ProcessDetails::Socket& socket) {
  const bool is_v6 = socket.address.find(':') != std::string::npos;
  return absl::StrCat(socket.protocol, " ", is_v6 ? "[" : "", socket.address,
                      is_v6 ? "]" : "", ":", socket.port);
}

}  // namespace

std::vector<PaneLine> DetailsLines(const ProcessDetails& details,
                                   const ProcessTable& table,
                                   const StackNames& names, int width,
                                   absl::Time now, absl::TimeZone zone) {
  const HostProcess& process = details.process;
  Lines lines(width);
  if (!process.stack.empty()) {
    lines.Add("belongs to", ShownText(InstanceName(process, names)));
  }
  lines.Add("command", ShownText(process.command_line, kMaxCommandBytes));
  lines.Add("state", ShownText(process.state));
  lines.Add("user", ShownText(process.user));
  if (absl::Time start; absl::ParseTime(absl::RFC3339_full, process.start_time,
                                        &start, nullptr)) {
    lines.Add("started", absl::StrCat(FormatMoment(start, now, zone), ", ",
                                      FormatAgo(start, now)));
  }
  const ProcessRecord* const record = table.Find(process.pid);
  lines.Add("CPU", FormatShare(record == nullptr
                                   ? std::numeric_limits<double>::quiet_NaN()
                                   : record->share));
  lines.Add("CPU time", FormatCpuTime(process.cpu_seconds));
  lines.Add("threads", CountOrDash(process.num_threads));
  lines.Add("nice",
            process.nice == kUnknownNice ? "-" : absl::StrCat(process.nice));
  lines.Add("session", CountOrDash(process.session));
  lines.Add("ancestors",
            List(table.Ancestors(process), [](const ProcessRecord* one) {
              return absl::StrCat(ShownText(one->process.name), " ",
                                  one->process.pid);
            }));
  lines.Add("children", List(details.children, [&](int64_t pid) {
              const ProcessRecord* const child = table.Find(pid);
              return child == nullptr
                         ? absl::StrCat(pid)
                         : absl::StrCat(ShownText(child->process.name), " ",
                                        pid);
            }));
  lines.AddHeading("Memory and storage");
  lines.Add("resident", HumanBytes(process.memory));
  lines.Add("proportional", HumanBytes(details.pss));
  lines.Add("peak", HumanBytes(process.peak_memory));
  lines.Add("virtual", HumanBytes(process.virtual_memory));
  lines.Add("read", HumanBytes(process.io_bytes_read));
  lines.Add("written", HumanBytes(process.io_bytes_written));
  lines.AddHeading("System");
  lines.Add("descriptors", CountOrDash(details.open_descriptors));
  lines.Add("listens on", details.knows_sockets
                              ? ShownText(List(details.listening, SocketText),
                                          kMaxCommandBytes)
                              : "-");
  lines.Add("unit", ShownText(process.unit));
  lines.Add("container", ShownText(process.container));
  lines.Add("cgroup", ShownText(details.cgroup));
  lines.Add("environment",
            details.knows_environment
                ? List(details.environment_names,
                       [](const std::string& name) { return ShownText(name); })
                : "-");
  return lines.Take();
}

std::vector<PaneLine> HelpLines() {
  std::vector<PaneLine> lines;
  const auto heading = [&](std::string_view text) {
    if (!lines.empty()) lines.push_back({});
    lines.push_back({.text = std::string(text), .tone = Tone::kStrong});
  };
  const auto key = [&](std::string_view keys, std::string_view meaning) {
    lines.push_back({.text = absl::StrFormat("  %-14s%s", keys, meaning)});
  };
  heading("Everywhere");
  key("g p  g s  Tab", "processes, stacks, the other view");
  key("j k  arrows", "next, previous");
  key("PgUp PgDn", "a page; Home and End: the first and the last");
  key("Esc", "close, take back");
  key("R", "connect again now");
  key("?", "this help");
  key("q  Ctrl-C", "quit");
  heading("Processes");
  key("/", "search; Enter keeps it, Esc empties it");
  key("Enter", "details");
  key("t", "tree or list");
  key("Space  <- ->", "close and open a branch; * all of them");
  key("p", "pause or go on");
  key("h", "hold the order of rows");
  key("P M T N", "sort by CPU, memory, time, PID");
  key("< >", "sort by the column to the left or right");
  key("I", "turn the order around");
  heading("Search: all terms must match, - before one negates it");
  key("nginx worker", "name or command line has both words");
  key("user:root,app", "also name command state unit container stack process");
  key(">100M  cpu>5", "also pid ppid threads nice peak virtual read written");
  heading("Stacks");
  key("Enter", "show or hide the instances; of an instance: its process");
  key("+ -", "one more, one less: sent half a second after the last key");
  key("r", "restart");
  key("p", "pause or resume");
  key("l", "the log");
  return lines;
}

}  // namespace tallyman::tally
