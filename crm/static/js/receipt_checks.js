// A chosen receipt is checked before it is sent: its size, and by its first bytes what it is.

const pictures = new WeakSet();

export const isPicture = (file) => pictures.has(file);

export async function problemOf(file, { bytes, head, sentences }) {
  if (!file.size) return sentences.empty;
  if (file.size > bytes) return sentences.big;
  const start = String.fromCharCode(...new Uint8Array(await file.slice(0, head).arrayBuffer()));
  if (/^(\xff\xd8\xff|\x89PNG\r\n\x1a\n)/.test(start)) pictures.add(file);
  if (isPicture(file) || start.includes("%PDF-")) return "";
  return /^.{4}ftyp(heic|heix|mif1)/s.test(start) ? sentences.heic : sentences.type;
}
