/*
 * JPEG to grey with libjpeg.
 *
 * The luminance is taken as it is stored, with the accurate integer transform, so that every
 * build of the library gives the same pixels. As in png.c, the longjmp on errors never crosses a
 * frame that owns something.
 */
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* jpeglib.h needs stdio.h and size_t before it. */
#include <jerror.h>
#include <jpeglib.h>

#include "engine.h"

/* A progressive file may repeat its scans almost for free, while each costs a pass over the
 * picture. Real files have about ten. */
enum { MAX_SCANS = 100 };

struct reader {
  struct jpeg_decompress_struct jpeg;
  struct jpeg_error_mgr errors;
  struct jpeg_progress_mgr progress;
  jmp_buf on_error;
  uint8_t* line; /* one row of a CMYK picture */
  uint8_t* grey;
};

static void on_error(j_common_ptr jpeg) {
  struct reader* reader = jpeg->client_data;
  longjmp(reader->on_error, 1);
}

static void on_message(j_common_ptr jpeg, int level) {
  /* Missing data is only a warning to libjpeg, which goes on with grey. Not here. */
  if (level < 0 && jpeg->err->msg_code == JWRN_JPEG_EOF) on_error(jpeg);
}

static void on_output(j_common_ptr jpeg) { (void)jpeg; }

static void on_progress(j_common_ptr jpeg) {
  struct reader* reader = jpeg->client_data;
  if (jpeg->is_decompressor && reader->jpeg.input_scan_number > MAX_SCANS) on_error(jpeg);
}

/* Adobe's programs, the only ones that write CMYK, store it inverted: 255 is no ink. */
static void cmyk_to_grey(const uint8_t* from, uint8_t* to, uint32_t count) {
  for (uint32_t x = 0; x < count; ++x, from += 4) {
    unsigned key = from[3];
    to[x] =
        luma((from[0] * key + 127) / 255, (from[1] * key + 127) / 255, (from[2] * key + 127) / 255);
  }
}

static int read_all(struct reader* reader, const uint8_t* data, size_t size, uint64_t max_pixels) {
  struct jpeg_decompress_struct* jpeg = &reader->jpeg;
  if (setjmp(reader->on_error)) {
    return jpeg->err->msg_code == JERR_OUT_OF_MEMORY ? ERR_NO_MEMORY : ERR_BAD_PICTURE;
  }
  jpeg_create_decompress(jpeg);
  jpeg->progress = &reader->progress;
  jpeg_mem_src(jpeg, data, (unsigned long)size);
  jpeg_read_header(jpeg, TRUE);
  int error = picture_check_size(jpeg->image_width, jpeg->image_height, max_pixels);
  if (error != 0) return error;

  int is_cmyk = jpeg->jpeg_color_space == JCS_CMYK || jpeg->jpeg_color_space == JCS_YCCK;
  jpeg->out_color_space = is_cmyk ? JCS_CMYK : JCS_GRAYSCALE;
  jpeg->dct_method = JDCT_ISLOW;
  reader->grey = malloc((size_t)jpeg->image_width * jpeg->image_height);
  reader->line = is_cmyk ? malloc((size_t)jpeg->image_width * 4) : NULL;
  if (reader->grey == NULL || (is_cmyk && reader->line == NULL)) return ERR_NO_MEMORY;

  jpeg_start_decompress(jpeg);
  while (jpeg->output_scanline < jpeg->output_height) {
    uint8_t* row = reader->grey + (size_t)jpeg->output_scanline * jpeg->output_width;
    JSAMPROW target = is_cmyk ? reader->line : row;
    if (jpeg_read_scanlines(jpeg, &target, 1) == 1 && is_cmyk) {
      cmyk_to_grey(reader->line, row, jpeg->output_width);
    }
  }
  return 0;
}

int jpeg_decode(const uint8_t* data, size_t size, uint64_t max_pixels, struct picture* out) {
  struct reader reader;
  memset(&reader, 0, sizeof reader);
  reader.jpeg.err = jpeg_std_error(&reader.errors);
  reader.jpeg.client_data = &reader;
  reader.errors.error_exit = on_error;
  reader.errors.emit_message = on_message;
  reader.errors.output_message = on_output;
  reader.progress.progress_monitor = on_progress;
  int error = read_all(&reader, data, size, max_pixels);
  if (error == 0) {
    out->grey = reader.grey;
    out->width = reader.jpeg.output_width;
    out->height = reader.jpeg.output_height;
    out->format = "jpeg";
  } else {
    free(reader.grey);
  }
  free(reader.line);
  jpeg_destroy_decompress(&reader.jpeg);
  return error;
}
