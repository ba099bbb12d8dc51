// Records what a cursor passes on, for tests.

#ifndef TALLYMAN_STACKS_OUTPUT_TESTING_LINE_RECORDER_H_
#define TALLYMAN_STACKS_OUTPUT_TESTING_LINE_RECORDER_H_

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "stacks/output/output_cursor.h"
#include "stacks/output/output_line.h"

namespace tallyman::stacks {

// A piece of a line ends in "+", a gap is "gap".
class LineRecorder final : public OutputSink {
 public:
  void OnLine(const OutputLine& line) override {
    lines_.push_back(absl::StrCat(line.text, line.is_partial ? "+" : ""));
    marks_.push_back(line.mark);
  }
  void OnGap(const OutputGap& gap) override {
    lines_.emplace_back("gap");
    marks_.emplace_back();
    gaps_.push_back(gap.reason);
  }

  const std::vector<std::string>& lines() const { return lines_; }
  const std::vector<OutputMark>& marks() const { return marks_; }
  const std::vector<OutputGap::Reason>& gaps() const { return gaps_; }

 private:
  std::vector<std::string> lines_;
  std::vector<OutputMark> marks_;  // By line.
  std::vector<OutputGap::Reason> gaps_;
};

}  // namespace tallyman::stacks

#endif  // TALLYMAN_STACKS_OUTPUT_TESTING_LINE_RECORDER_H_
