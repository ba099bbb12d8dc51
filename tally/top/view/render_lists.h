// The lists of the two views: summary, heads of columns, rows.

#ifndef TALLYMAN_TALLY_TOP_VIEW_RENDER_LISTS_H_
#define TALLYMAN_TALLY_TOP_VIEW_RENDER_LISTS_H_

#include "tally/top/model/moment.h"
#include "tally/top/model/top_state.h"
#include "tally/top/view/painter.h"

namespace tallyman::tally {

void RenderProcesses(const TopState& state, Painter& painter);
void RenderStacks(const TopState& state, const Moment& now, Painter& painter);

}  // namespace tallyman::tally

#endif  // TALLYMAN_TALLY_TOP_VIEW_RENDER_LISTS_H_
