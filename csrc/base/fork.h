#pragma once

namespace aiges {

// How many forks lie between this process and the one that loaded this library. An engine made
// under another number lives in an ancestor: its threads and locks were not copied with its memory.
// Costs one load; needs no system call.
unsigned fork_generation() noexcept;

}  // namespace aiges
