// What a processor is called by those who compare them: its brand alone ("AMD EPYC") hides a factor
// of two. Families and models from AMD's and Intel's manuals, as Linux lists them in
// arch/x86/kernel/cpu/amd.c and arch/x86/include/asm/intel-family.h.
'use strict';

/** By family, the first model of each; those from a name's model to the next are its. */
const AMD = {
  0x17: [
    [0x00, 'Zen'],
    [0x30, 'Zen 2'],
  ],
  0x19: [
    [0x00, 'Zen 3'],
    [0x10, 'Zen 4'],
    [0x20, 'Zen 3'],
    [0x60, 'Zen 4'],
  ],
  0x1a: [[0x00, 'Zen 5']],
};

/** Models of family 6. */
const INTEL = {
  0x3f: 'Haswell',
  0x4f: 'Broadwell',
  0x55: 'Skylake or Cascade Lake',
  0x5e: 'Skylake',
  0x6a: 'Ice Lake',
  0x6c: 'Ice Lake',
  0x8c: 'Tiger Lake',
  0x8f: 'Sapphire Rapids',
  0x97: 'Alder Lake',
  0x9e: 'Coffee Lake',
  0xad: 'Granite Rapids',
  0xb7: 'Raptor Lake',
  0xcf: 'Emerald Rapids',
};

/**
 * @param cpuinfo the text of /proc/cpuinfo
 * @returns the name, or vendor, family and model where it has none here, '' where there are none
 */
function microarchitecture(cpuinfo) {
  const field = (name) => new RegExp(`^${name}\\s*:\\s*(.*)$`, 'm').exec(cpuinfo)?.[1];
  const vendor = field('vendor_id');
  if (!vendor) return '';
  const [family, model] = [Number(field('cpu family')), Number(field('model'))];
  const amd = vendor === 'AuthenticAMD' && AMD[family]?.findLast(([first]) => first <= model)?.[1];
  const intel = vendor === 'GenuineIntel' && family === 6 && INTEL[model];
  return amd || intel || `${vendor} family ${family} model ${model}`;
}

module.exports = { microarchitecture };
