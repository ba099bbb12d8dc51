// Lines that are scrolled: details, a log, the help.

#ifndef TALLYMAN_TALLY_TOP_MODEL_TEXT_PANE_H_
#define TALLYMAN_TALLY_TOP_MODEL_TEXT_PANE_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "tally/top/model/input.h"

namespace tallyman::tally {

// What a text means, which a theme makes a colour of.
enum class Tone : uint8_t {
  kNormal,
  kMuted,
  kStrong,
  kGood,
  kWarn,
  kBad,
  kBusy,
};

struct PaneLine {
  // In front of the text, such as "web.1 |".
  std::string label = {};
  // Lines with the same number have labels of the same colour; 0: none.
  int64_t colour = 0;
  std::string text;  // Fit for a terminal: ShownText().
  Tone tone = Tone::kNormal;
};

// Not thread-safe.
class TextPane {
 public:
  // Older lines are dropped.
  static constexpr size_t kMaxLines = 5000;

  void Resize(int rows);
  void Clear();
  void SetLines(std::vector<PaneLine> lines);
  // Shows the last line, unless somebody has scrolled up.
  void Append(PaneLine line);

  // Keys that scroll: arrows, j, k, PgUp, PgDn, Home, End. False for others.
  bool OnKey(const Key& key);
  void Scroll(int lines);

  // True while the last line is shown as lines come.
  bool sticks() const { return sticks_; }
  // Sticks to the end from now on, also before there are lines.
  void StickToEnd();

  const std::deque<PaneLine>& lines() const { return lines_; }
  size_t top() const { return top_; }

 private:
  size_t LastTop() const;

  std::deque<PaneLine> lines_;
  size_t top_ = 0;
  size_t rows_ = 1;
  bool sticks_ = false;
};

}  // namespace tallyman::tally

#endif  // TALLYMAN_TALLY_TOP_MODEL_TEXT_PANE_H_
