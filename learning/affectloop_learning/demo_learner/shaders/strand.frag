in vec3 light;
in float side;
out vec4 colour;

void main() { colour = vec4(shown(light * (1.0 - 0.3 * side * side)), 1.0); }
