// A table of measured values beside others and beside their targets.

#ifndef TALLYMAN_TOOLS_BENCH_RESULT_TABLE_H_
#define TALLYMAN_TOOLS_BENCH_RESULT_TABLE_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tallyman::bench {

// The limit of a row's ratio, or of its value if there is no ratio.
struct Target {
  enum class Kind { kAtMost, kAtLeast };
  Kind kind = Kind::kAtMost;
  double value = 0;
};

inline Target AtMost(double value) { return {Target::Kind::kAtMost, value}; }
inline Target AtLeast(double value) { return {Target::Kind::kAtLeast, value}; }

struct Row {
  std::string what;
  std::string unit;  // Of `measured` and `beside`.
  // One value per repetition. Empty if it could not be measured; `note` says
  // why.
  std::vector<double> measured;

  // The values to compare with, taken in the same repetitions, and their name;
  // empty if there are none. The ratio is measured / beside, or its inverse if
  // `times_faster`.
  std::string against;
  std::vector<double> beside;
  bool times_faster = false;

  std::optional<Target> target;
  std::string note;
};

// The result of a row. The ratio is the median of the ratios of the
// repetitions, not the ratio of the medians: a disturbance of the machine slows
// both values of one repetition down.
struct Outcome {
  double measured = 0;
  std::optional<double> beside;
  std::optional<double> ratio;
  // The smallest and the largest ratio of a repetition, or value without ratio.
  double low = 0;
  double high = 0;
  bool missed = false;  // True if the target is missed.
};

// nullopt if nothing was measured.
std::optional<Outcome> Evaluate(const Row& row);

enum class TableFormat { kTable, kMarkdown };

// "table" or "markdown"; nullopt for any other name.
std::optional<TableFormat> ParseTableFormat(std::string_view name);

// Keeps the order in which sections and rows are added. Not thread-safe.
//
//   ResultTable table;
//   table.BeginSection("listing, 1,000 more processes");
//   table.Add({.what = "kept descriptors", .unit = "ms", .measured = {7.9},
//              .against = "floor", .beside = {7.4}, .target = AtMost(1.15)});
//   std::cout << table.Render(TableFormat::kTable);
class ResultTable {
 public:
  // The following rows belong to this section.
  void BeginSection(std::string title);
  void Add(Row row);

  // The number of measured rows that miss their target.
  int MissedTargets() const;
  // The number of rows with a target that were not measured.
  int UnmeasuredTargets() const;

  // Adds a line about the run, shown below the rows.
  void AddFootnote(std::string line);

  // kTable is aligned for a terminal. Ends with a line end.
  std::string Render(TableFormat format) const;

 private:
  struct Section {
    std::string title;
    std::vector<Row> rows;
  };

  std::string RenderTable() const;
  std::string RenderMarkdown() const;

  std::vector<Section> sections_;
  std::vector<std::string> footnotes_;
};

}  // namespace tallyman::bench

#endif  // TALLYMAN_TOOLS_BENCH_RESULT_TABLE_H_
