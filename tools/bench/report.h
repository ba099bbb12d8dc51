// Measured values as a table of text.

#ifndef TALLYMAN_TOOLS_BENCH_REPORT_H_
#define TALLYMAN_TOOLS_BENCH_REPORT_H_

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace tallyman::bench {

// What a row is about: the groups in which they are shown.
enum class Group { kTimes, kMemory, kAnswers, kIdle };

// Rows of each group are shown in the order of Add().
//
//   Report report;
//   report.Add(Group::kTimes, "start: all", 10, "ms", samples, &floor);
//   std::cout << report.Text();
class Report {
 public:
  // `samples` and, where there is one, `floor` are not empty. Of one sample
  // there is only a median. The ratios are those of minimum and median to those
  // of `floor`.
  void Add(Group group, std::string_view what, int64_t instances,
           std::string_view unit, std::vector<double> samples,
           const std::vector<double>* floor = nullptr);

  // The table, with its head.
  std::string Text() const;

 private:
  using Row = std::vector<std::string>;  // As it is shown.
  std::map<Group, std::vector<Row>> groups_;
};

// Processors, kernel, memory and load, in a line.
std::string DescribeMachine();

}  // namespace tallyman::bench

#endif  // TALLYMAN_TOOLS_BENCH_REPORT_H_
