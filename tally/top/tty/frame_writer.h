// What to write to a terminal so that it shows a screen: only the cells that
// differ from those it shows already, which keeps a slow line usable.
//
//   FrameWriter writer;
//   write(writer.Write(screen));

#ifndef TALLYMAN_TALLY_TOP_TTY_FRAME_WRITER_H_
#define TALLYMAN_TALLY_TOP_TTY_FRAME_WRITER_H_

#include <string>
#include <vector>

#include "ftxui/screen/pixel.hpp"
#include "ftxui/screen/screen.hpp"

namespace tallyman::tally {

// Not thread-safe.
class FrameWriter {
 public:
  // Control sequences (ECMA-48) and text; "" if nothing differs.
  std::string Write(const ftxui::Screen& screen);

  // The terminal shows something else: the next screen is written whole.
  void Reset() { shown_.clear(); }

 private:
  using Line = std::vector<ftxui::Pixel>;

  std::vector<Line> shown_;
};

}  // namespace tallyman::tally

#endif  // TALLYMAN_TALLY_TOP_TTY_FRAME_WRITER_H_
