#include "server/handlers/output_renderer.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "api/stacks/output_event.h"
#include "stacks/output/output_line.h"

namespace tallyman::server {
namespace {

std::string_view ReasonName(stacks::OutputGap::Reason reason) {
  switch (reason) {
    case stacks::OutputGap::Reason::kSlow:
      return "slow";
    case stacks::OutputGap::Reason::kRotated:
      return "rotated";
    case stacks::OutputGap::Reason::kTruncated:
      return "truncated";
    case stacks::OutputGap::Reason::kUnknown:
      return "unknown";
    case stacks::OutputGap::Reason::kTooFar:
      return "too_far";
  }
  return "unknown";
}

}  // namespace

std::string FormatEventId(const stacks::OutputMark& mark) {
  return absl::StrCat(absl::Hex(mark.ring), ":", mark.sequence, ":",
                      mark.instance, ":", absl::Hex(mark.generation), ":",
                      mark.offset);
}

std::optional<stacks::OutputMark> ParseEventId(std::string_view id) {
  const std::vector<std::string_view> parts = absl::StrSplit(id, ':');
  stacks::OutputMark mark;
  if (parts.size() != 5 || !absl::SimpleHexAtoi(parts[0], &mark.ring) ||
      !absl::SimpleAtoi(parts[1], &mark.sequence) ||
      !absl::SimpleAtoi(parts[2], &mark.instance) ||
      !absl::SimpleHexAtoi(parts[3], &mark.generation) ||
      !absl::SimpleAtoi(parts[4], &mark.offset) || FormatEventId(mark) != id) {
    return std::nullopt;
  }
  return mark;
}

void OutputRenderer::Line(const stacks::OutputLine& line,
                          std::string& out) const {
  api::AppendOutputEvent({.origin = {.process = process_,
                                     .server = server_,
                                     .instance = line.instance},
                          .line = line.text,
                          .is_partial = line.is_partial,
                          .time = line.read_at,
                          .id = FormatEventId(line.mark)},
                         redactor_, out);
}

void OutputRenderer::Gap(const stacks::OutputGap& gap, std::string& out) const {
  api::AppendGapEvent(
      {.process = process_, .server = server_, .instance = gap.instance},
      ReasonName(gap.reason), gap.lines, out);
}

void OutputRenderer::Mark(const stacks::OutputMark& mark,
                          std::string& out) const {
  api::AppendEventId(FormatEventId(mark), out);
}

void OutputRenderer::KeepAlive(std::string& out) const {
  api::AppendKeepAlive(out);
}

void OutputRenderer::End(std::string& out) const {
  api::AppendEndEvent({.process = process_, .server = server_}, "removed", out);
}

}  // namespace tallyman::server
