#include "abi/engine_output.h"

#include <utility>
#include <vector>

#include "abi/guarded.h"
#include "abi/list_view.h"

namespace aiges {

Result<OutputPtr> EngineOutput::fill(std::unique_ptr<EngineOutput> unfilled, pDataList head) {
  ListFault fault{};
  Status status = check_list(head, "wrapperExec", fault);
  if (fault == ListFault::kEndless) {
    // Freeing follows the list as reading does: better to lose it than to hang in the engine.
    count(unfilled->context_->stats().outputs_abandoned);
    return status;
  }
  EngineOutput* output = unfilled.release();
  OutputPtr owner = OutputPtr::adopt(output);
  output->head_ = head;
  output->context_->output_made();
  if (!status.ok()) return status;

  std::vector<Pair> pairs;  // stays unallocated while there is no description
  for (const DataList* node = head; node; node = node->next) {
    OutputItem item = view_node(*node);
    item.desc_begin = output->desc_size();
    if (node->desc) {
      pairs.clear();
      view_desc(*node, DescLength::kVlen, pairs);
      for (const Pair& pair : pairs) output->add_desc(pair);
    }
    item.desc_end = output->desc_size();
    output->add_item(item);
  }
  return owner;
}

void EngineOutput::reap() noexcept {
  (void)guarded("wrapperExecFree", Code::kExec, [this] { free_(tag_.c_str(), &head_); });
  const std::shared_ptr<EngineContext> context = std::move(context_);
  delete this;
  count(context->stats().exec_free);
  context->output_gone();
}

}  // namespace aiges
