// The screen of tally top. Only the rows that are shown are looked at, so its
// cost does not grow with the number of processes.
//
//   ftxui::Screen screen(80, 24);
//   Render(state, Theme::kDark, now, screen);

#ifndef TALLYMAN_TALLY_TOP_VIEW_RENDER_H_
#define TALLYMAN_TALLY_TOP_VIEW_RENDER_H_

#include "ftxui/screen/screen.hpp"
#include "tally/top/model/moment.h"
#include "tally/top/model/top_state.h"
#include "tally/top/view/theme.h"

namespace tallyman::tally {

// `screen` is empty and has the size of the state. `now` is for ages and
// countdowns.
void Render(const TopState& state, Theme theme, const Moment& now,
            ftxui::Screen& screen);

}  // namespace tallyman::tally

#endif  // TALLYMAN_TALLY_TOP_VIEW_RENDER_H_
