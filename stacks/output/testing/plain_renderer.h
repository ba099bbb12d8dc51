// Renders streams of output as text that tests can read.

#ifndef TALLYMAN_STACKS_OUTPUT_TESTING_PLAIN_RENDERER_H_
#define TALLYMAN_STACKS_OUTPUT_TESTING_PLAIN_RENDERER_H_

#include <string>

#include "absl/strings/str_cat.h"
#include "stacks/output/output_line.h"

namespace tallyman::stacks {

// One event a line: "1:text", "1:text+" for a piece, "gap(LINES)", "alive",
// "end"; a mark is nothing.
class PlainRenderer final : public OutputRenderer {
 public:
  void Line(const OutputLine& line, std::string& out) const override {
    absl::StrAppend(&out, line.instance, ":", line.text,
                    line.is_partial ? "+" : "", "\n");
  }
  void Gap(const OutputGap& gap, std::string& out) const override {
    absl::StrAppend(&out, "gap(", gap.lines, ")\n");
  }
  void Mark(const OutputMark& /*mark*/, std::string& /*out*/) const override {}
  void KeepAlive(std::string& out) const override { out += "alive\n"; }
  void End(std::string& out) const override { out += "end\n"; }
};

}  // namespace tallyman::stacks

#endif  // TALLYMAN_STACKS_OUTPUT_TESTING_PLAIN_RENDERER_H_
