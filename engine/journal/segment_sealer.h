#pragma once

#include "engine/journal/segment.h"

namespace rowhook {

// Makes a segment that is no longer written final: writes its index, moves its write-ahead log into the
// database and marks it, so that it is read without locks. Interrupted anywhere, it is done again. False when
// another program holds the file. Throws SqliteFailure.
bool seal_segment(Segment& segment);
// Whether the file was sealed; then sets sealed, newest, posted. Throws SqliteFailure.
bool load_sealed(Segment& segment);
// Copies the write-ahead log of the segment that is being written into its database, as far as possible
// without waiting.
void checkpoint_segment(const Segment& segment);
// Bytes the segment's files occupy.
std::uint64_t segment_bytes_on_disk(const Segment& segment);

}  // namespace rowhook
