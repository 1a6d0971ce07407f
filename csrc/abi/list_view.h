#pragma once

#include <vector>

#include "aiges/type.h"
#include "base/status.h"
#include "buffer/owned_output.h"

namespace aiges {

// Lists made by an engine, checked before anyone reads them: bounded length, no null key, no null
// data with a length, claimed sizes that can be true.
//
// How far a list was found to be wrong decides whether it can be given back to the engine.
enum class ListFault {
  kNone,
  kContent,  // bad nodes, but the list ends: freeing it works
  kEndless,  // following it never ends, for the engine neither
};

// How the length of a description's value is known. In results of wrapperExec and wrapperRead vlen
// says it; in callbacks AIGES reads up to the NUL, and engines leave vlen unset.
enum class DescLength { kVlen, kTerminated };

// Says what is wrong with a list, first fault first. Null is the empty list.
Status check_list(const DataList* head, const char* where, ListFault& fault);

// The parts of a node of a checked list.
OutputItem view_node(const DataList& node);
// Appends the description of a node of a checked list.
void view_desc(const DataList& node, DescLength length, std::vector<Pair>& out);

// Whether a list has no nodes, in either spelling.
inline bool empty_list(const DataList* head) {
  return !head || (!head->key && !head->data && head->len == 0 && !head->next);
}

// Copies a list that its owner takes back soon; null for an empty list.
Result<OutputPtr> copy_list(const DataList* head, const char* where, DescLength length);

}  // namespace aiges
