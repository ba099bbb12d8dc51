// The colours of tally top.

#ifndef TALLYMAN_TALLY_TOP_VIEW_THEME_H_
#define TALLYMAN_TALLY_TOP_VIEW_THEME_H_

#include <cstdint>

namespace tallyman::tally {

enum class Theme : uint8_t {
  kDark,   // For a dark background.
  kLight,  // For a light background.
  kNone,   // No colours; bold, underlined and inverted text remain.
};

}  // namespace tallyman::tally

#endif  // TALLYMAN_TALLY_TOP_VIEW_THEME_H_
